#!/usr/bin/perl
# Verifies each message with Mail::DKIM: mail_dkim.pl FILE... Prints its result for each, one a line.
use strict;
use warnings;
use Mail::DKIM::Verifier;

for my $file (@ARGV) {
  open my $message, '<:raw', $file or die "$file: $!\n";
  my $verifier = Mail::DKIM::Verifier->new;
  $verifier->PRINT($_) while <$message>;
  $verifier->CLOSE;
  print $verifier->result_detail, "\n";
}
