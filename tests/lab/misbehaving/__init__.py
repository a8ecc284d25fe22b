"""The misbehaving nameserver: wire has the bytes, zone the right answers, modes the faults, server the sockets."""
