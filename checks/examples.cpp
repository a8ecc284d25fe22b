#include "checks/examples.hpp"

#include <algorithm>
#include <array>

namespace dkimprobe::checks {

namespace {

struct Row {
  std::string_view check{};
  bool is_record = false;
  std::string_view text{};  ///< `{key}` stands for the key below
};

// An Ed25519 key made for the tests; nobody signs with it.
constexpr std::string_view key_mark = "{key}";
constexpr std::string_view key = "9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY=";

constexpr bool record = true;
constexpr bool behaviour = false;

constexpr auto rows = std::to_array<Row>({
    {"selector_missing_nxdomain", behaviour, "Every server says NXDOMAIN for s1._domainkey.example.com."},
    {"selector_missing_nodata", behaviour,
     "Every server says NOERROR for s1._domainkey.example.com and gives no TXT record."},
    {"domain_nxdomain", behaviour, "The servers of com say NXDOMAIN for exampel.com."},
    {"selector_multiple_keys", behaviour,
     "`v=DKIM1; p=MIIB...` and `v=DKIM1; p=MIIC...` both stand at s1._domainkey.example.com."},
    {"selector_multiple_txt", behaviour,
     "`v=DKIM1; p=MIIB...` and `v=spf1 -all` both stand at s1._domainkey.example.com."},
    {"txt_not_dkim", record, "v=spf1 include:_spf.example.com -all"},
    {"txt_wildcard", behaviour,
     "`*._domainkey.example.com` is a TXT record, so that any selector seems to exist."},
    {"txt_escaped_semicolon", record, R"(v=DKIM1\\; k=ed25519\\; p={key})"},
    {"txt_embedded_quotes", record, R"("v=DKIM1; k=ed25519; p={key}")"},
    {"txt_seam_quotes", record, R"(v=DKIM1; k=ed25519; " "p={key})"},
    {"txt_html_entity", record, "v=DKIM1; n=R&amp;D; k=ed25519; p={key}"},
    {"txt_smart_punctuation", record, R"(\xe2\x80\x9cv=DKIM1; k=ed25519; p={key}\xe2\x80\x9d)"},
    {"txt_zonefile_leak", record, R"(s1._domainkey IN TXT "v=DKIM1; k=ed25519; p={key}")"},
    {"txt_non_ascii", record, R"(v=DKIM1; k=ed25519; n=Schl\xc3\xbcssel; p={key})"},
    {"txt_control_char", record, R"(v=DKIM1; k=ed25519; n=a\x07; p={key})"},
    {"version_bad", record, "v=DKIM2; k=ed25519; p={key}"},
    {"version_bad_case", record, "v=dkim1; k=ed25519; p={key}"},
    {"version_not_first", record, "k=ed25519; v=DKIM1; p={key}"},
    {"version_missing", record, "k=ed25519; p={key}"},
    {"tag_duplicate", record, "v=DKIM1; k=ed25519; k=ed25519; p={key}"},
    {"tag_missing_semicolon", record, "v=DKIM1; k=ed25519 p={key}"},
    {"tag_comma_separator", record, "v=DKIM1; k=ed25519, p={key}"},
    {"tag_stray_token", record, "v=DKIM1; k=ed25519; production; p={key}"},
    {"tag_name_bad", record, "v=DKIM1; k=ed25519; P={key}"},
    {"tag_double_semicolon", record, "v=DKIM1;; k=ed25519; p={key}"},
    {"tag_syntax_error", record, "; v=DKIM1; k=ed25519; p={key}"},
    {"tag_unknown", record, "v=DKIM1; k=ed25519; c=relaxed; p={key}"},
    {"txt_outer_space", record, " v=DKIM1; k=ed25519; p={key}"},
    {"txt_trailing_semicolon_space", record, "v=DKIM1; k=ed25519; p={key}; "},
    {"keytype_unknown", record, "v=DKIM1; k=ed448; p={key}"},
    {"keytype_mismatch", record, "v=DKIM1; k=rsa; p={key}"},
    {"keytype_case", record, "v=DKIM1; k=Ed25519; p={key}"},
    {"keytype_empty", record, "v=DKIM1; k=; p={key}"},
    {"hash_excludes_sha256", record, "v=DKIM1; h=sha1; k=ed25519; p={key}"},
    {"hash_case", record, "v=DKIM1; h=SHA256; k=ed25519; p={key}"},
    {"hash_empty", record, "v=DKIM1; h=; k=ed25519; p={key}"},
    {"hash_allows_sha1", record, "v=DKIM1; h=sha1:sha256; k=ed25519; p={key}"},
    {"service_excludes", record, "v=DKIM1; s=other; k=ed25519; p={key}"},
    {"service_empty", record, "v=DKIM1; s=; k=ed25519; p={key}"},
    {"service_case", record, "v=DKIM1; s=Email; k=ed25519; p={key}"},
    {"service_list", record, "v=DKIM1; s=email:tlsrpt; k=ed25519; p={key}"},
    {"flag_testing", record, "v=DKIM1; k=ed25519; t=y; p={key}"},
    {"flags_empty", record, "v=DKIM1; k=ed25519; t=; p={key}"},
    {"flag_unknown", record, "v=DKIM1; k=ed25519; t=x; p={key}"},
    {"granularity_restrictive", record, "v=DKIM1; g=bob; k=ed25519; p={key}"},
    {"granularity_legacy", record, "v=DKIM1; g=*; k=ed25519; p={key}"},
    {"key_missing_p", record, "v=DKIM1; k=ed25519"},
    {"key_revoked", record, "v=DKIM1; p="},
    {"key_base64_invalid", record, "v=DKIM1; k=ed25519; p=A"},
    {"key_base64_urlsafe", record, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAv-Y="},
    {"key_base64_unpadded", record, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY"},
    {"key_base64_junk", record, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7B.cyXIsr3JczAv4gsPQoMAvmY="},
    {"key_base64_whitespace", record, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7B cyXIsr3JczAv4gsPQoMAvmY="},
    {"key_truncated", record,
     "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA+d55mahxNYQDDaTcU8N5"},
    {"key_pem_armor", record,
     "v=DKIM1; k=ed25519; p=-----BEGIN PUBLIC KEY-----{key}-----END PUBLIC KEY-----"},
    {"key_private_leaked", behaviour,
     "p= begins with `MIIEvQIBADANBgkq`: the file of the private key was published."},
    {"key_der_invalid", record, "v=DKIM1; k=rsa; p=dGhpcyBpcyBubyBrZXksIG9ubHkgYSBzZW50ZW5jZQ=="},
    {"key_der_trailing_bytes", behaviour, "p= holds an RSA key and, behind it, some octets of another one."},
    {"key_pkcs1_encoding", behaviour,
     "p= begins with `MIIBCgKCAQEA`, as `BEGIN RSA PUBLIC KEY` files do, and not with `MIIBIjANBgkq`."},
    {"key_ed25519_spki", record,
     "v=DKIM1; k=ed25519; p=MCowBQYDK2VwAyEA9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY="},
    {"key_not_supported", behaviour,
     "p= holds an ECDSA key on P-256: it begins with `MFkwEwYHKoZIzj0CAQYI`."},
    {"key_ed25519_bad_length", record, "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMA"},
    {"key_rsa_too_small", behaviour, "`openssl rsa -pubin -text` says `Public-Key: (512 bit)`."},
    {"key_rsa_weak", behaviour, "`openssl rsa -pubin -text` says `Public-Key: (1024 bit)`."},
    {"key_rsa_oversize", behaviour, "`openssl rsa -pubin -text` says `Public-Key: (8192 bit)`."},
    {"key_rsa_not_multiple_of_8", behaviour, "`openssl rsa -pubin -text` says `Public-Key: (2047 bit)`."},
    {"key_rsa_even_modulus", behaviour, "The last octet of the modulus is 0x9c."},
    {"key_rsa_exponent_invalid", behaviour, "`openssl rsa -pubin -text` says `Exponent: 1`."},
    {"key_rsa_exponent_3", behaviour, "`openssl rsa -pubin -text` says `Exponent: 3`."},
    {"key_rsa_unusual_size", behaviour, "`openssl rsa -pubin -text` says `Public-Key: (2040 bit)`."},
    {"key_rsa_exponent_unusual", behaviour, "`openssl rsa -pubin -text` says `Exponent: 17`."},
    {"key_mismatch_expected", behaviour,
     "The settings name the key of the new pair, and the old one is still published."},
    {"udp512_exceeded", behaviour,
     "An RSA key of 2048 bits with `h=sha256; s=email; n=...` at a long name: 541 bytes."},
    {"udp512_exceeded_chain", behaviour,
     "The key's own answer has 480 bytes, with the CNAME that leads to it 530."},
    {"edns1232_exceeded", behaviour, "An RSA key of 8192 bits: more than 1400 bytes."},
    {"adsp_multiple_records", behaviour,
     "`dkim=all` and `dkim=unknown` both stand at _adsp._domainkey.example.com."},
    {"adsp_invalid", record, "DKIM=all"},
    {"adsp_duplicate_tag", record, "dkim=all; dkim=unknown"},
    {"adsp_all_with_testing_key", behaviour, "`dkim=all` stands at _adsp, and the key says `t=y`."},
    {"adsp_discardable_without_key", behaviour,
     "`dkim=discardable` stands at _adsp, and the key is revoked."},
    {"adsp_wildcard_shadow", behaviour, "`*.example.com` is a TXT record, and _adsp answers with its text."},
    {"adsp_differs_between_ns", behaviour, "ns1 gives `dkim=all` for _adsp, ns2 says NXDOMAIN."},
    {"adsp_value_unknown_token", record, "dkim=some"},
    {"adsp_present_historic", record, "dkim=all"},
    {"ns_servfail", behaviour, "ns2 says SERVFAIL: it has the zone in its settings and could not load it."},
    {"ns_no_tcp_after_tc", behaviour, "ns2 sets TC over UDP and drops connections to port 53 over TCP."},
    {"ns_stale", behaviour, "ns2 gives last month's key at serial 2026010101, the others are at 2026112201."},
    {"ns_timeout_udp", behaviour, "ns2 answers over TCP; three questions over UDP get no answer."},
    {"ns_timeout_tcp", behaviour, "ns2 answers over UDP; a connection over TCP is never accepted."},
    {"ns_unreachable", behaviour, "ns2 is switched off, and the zone still names it."},
    {"ns_tcp_refused", behaviour, "ns2 answers over UDP and refuses connections over TCP."},
    {"ns_refused", behaviour,
     "ns2 says REFUSED: the zone was taken off it, and the NS records still name it."},
    {"ns_formerr", behaviour, "ns2 says FORMERR to a question for TXT without EDNS."},
    {"ns_notimp", behaviour, "ns2 says NOTIMP to a question for TXT."},
    {"ns_lame", behaviour, "ns2 refers to the root servers for a name of the zone."},
    {"ns_wrong_source", behaviour, "192.0.2.1 was asked, and 192.0.2.9 answers."},
    {"ns_wrong_question", behaviour, "s1._domainkey was asked for, and the answer repeats www."},
    {"ns_malformed", behaviour, "The length of a record leads behind the end of the message."},
    {"ns_case_not_preserved", behaviour,
     "S1._DomainKey was asked for, and the answer repeats s1._domainkey."},
    {"ns_case_sensitive", behaviour, "s1._domainkey has a key, S1._DomainKey gets NXDOMAIN."},
    {"ns_address_refused", behaviour, "ns2.example.com has the address 10.0.0.2."},
    {"ns_address_missing", behaviour, "The zone names ns2.example.com, which has neither A nor AAAA."},
    {"ns_edns_dropped", behaviour, "ns2 answers plain questions; those with EDNS get no answer."},
    {"ns_edns_formerr", behaviour, "ns2 says FORMERR to each question with EDNS."},
    {"ns_edns_badvers", behaviour, "ns2 says BADVERS to EDNS version 0, the only one there is."},
    {"ns_edns_violation", behaviour, "ns2 sends 640 bytes over UDP to a question without EDNS."},
    {"ns_slow", behaviour, "ns2 takes 1.8 s to answer over UDP."},
    {"ns_family_unreachable", behaviour, "Every server answers over IPv4, none at its IPv6 address."},
    {"ns_rate_limited", behaviour, "ns2 answers the first three questions, then says REFUSED."},
    {"ns_recursion_available", behaviour, "ns2 sets RA in its answers."},
    {"ns_tc_unneeded", behaviour, "ns2 sets TC although the answer would have 300 bytes."},
    {"presence_differs_between_ns", behaviour, "ns1 gives the key, ns2 says NXDOMAIN."},
    {"answer_differs_between_ns", behaviour, "ns1 gives the new key, ns2 the one from before."},
    {"cname_loop", behaviour, "s1 is an alias to s2, and s2 is an alias to s1."},
    {"cname_dangling", behaviour,
     "s1._domainkey.example.com is an alias to s1.provider.example, which gets NXDOMAIN."},
    {"ent_nxdomain", behaviour, "_domainkey.example.com gets NXDOMAIN, s1._domainkey.example.com has a key."},
    {"rcode_differs_between_ns", behaviour, "Neither has a key: ns1 says NXDOMAIN, ns2 NOERROR."},
    {"anycast_instances_differ", behaviour, "192.0.2.1 gives the new key, and a second later the old one."},
    {"soa_missing_in_negative", behaviour, "ns2 says NXDOMAIN with an empty authority section."},
    {"cname_with_other_data", behaviour, "ns2 gives a CNAME and a TXT record for s1._domainkey."},
    {"deleg_parent_child_mismatch", behaviour, "com names ns1 and ns2, the zone itself ns2 and ns3."},
    {"deleg_single_ns", behaviour, "The zone has one NS record."},
    {"deleg_ns_is_cname", behaviour, "ns2.example.com is a CNAME to host7.example.net."},
    {"deleg_glue_mismatch", behaviour, "com gives 192.0.2.2 for ns2, the zone itself 192.0.2.7."},
    {"delegation_loop", behaviour, "a.example is served by ns.b.example alone, b.example by ns.a.example."},
    {"budget_exhausted", behaviour, "The zone has 40 nameservers, 16 of which were asked."},
    {"soa_serial_drift", behaviour, "ns2 is at serial 7 and ns1 at 9 for longer than REFRESH."},
    {"quorum_unknown", behaviour, "One of four servers answered."},
    {"split_differs_between_ns", behaviour, "ns1 cuts the text at 255 octets, ns2 at 200."},
    {"ttl_differs_between_ns", behaviour, "ns1 gives a TTL of 300, ns2 of 86400."},
    {"ttl_zero", behaviour, "The record has a TTL of 0."},
    {"cname_chain_long", behaviour, "Five aliases stand one behind the other."},
    {"dname_in_chain", behaviour, "_domainkey.example.com has a DNAME to dkim.example.net."},
    {"negative_ttl_high", behaviour,
     "MINIMUM and the TTL of the SOA record are 86400, and a key is pending."},
});

}  // namespace

std::optional<Example> example_of(std::string_view check) {
  const auto row = std::ranges::find(rows, check, &Row::check);
  if (row == rows.end()) return std::nullopt;
  Example example{row->is_record, std::string(row->text)};
  if (const std::size_t mark = example.text.find(key_mark); mark != std::string::npos) {
    example.text.replace(mark, key_mark.size(), key);
  }
  return example;
}

}  // namespace dkimprobe::checks
