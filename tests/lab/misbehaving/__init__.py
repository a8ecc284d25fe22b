"""The parts of the misbehaving nameserver: wire (bytes), zone (right answers), modes (the faults), server (sockets)."""
