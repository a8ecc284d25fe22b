"""The misbehaving nameserver: wire is bytes, zone right answers, modes the faults, server the sockets."""
