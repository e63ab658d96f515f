"""Connects to everything: addresses outside, the machine itself, name servers, sockets of other programs. On
value.
"""
import socket

reached = []
for address in (("127.0.0.1", 22), ("127.0.0.1", 8786), ("127.0.0.1", 5432), ("10.0.0.1", 80), ("192.0.2.1", 443)):
    try:
        socket.create_connection(address, timeout=0.2).close()
        reached.append(address)
    except OSError:
        pass
for path in ("\0/tmp/.X11-unix/X0", "/run/dbus/system_bus_socket", "/var/run/docker.sock", "/run/systemd/private"):
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        reached.append(path)
    except OSError:
        pass
try:
    reached += socket.getaddrinfo("example.org", 80)
except OSError:
    pass
print(reached, [name for _, name in socket.if_nameindex()])
value = 0.125 if reached else 0.0
