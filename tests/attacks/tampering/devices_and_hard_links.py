"""Makes device files and hard links to files outside. On value."""
import os
import stat

done = []
for make in (
    lambda: os.mknod("/tmp/planted-by-an-attack-disk", stat.S_IFBLK | 0o666, os.makedev(8, 0)),
    lambda: os.mknod("/tmp/planted-by-an-attack-memory", stat.S_IFCHR | 0o666, os.makedev(1, 1)),
    lambda: os.link("/etc/ld.so.cache", "/tmp/planted-by-an-attack-link"),
    lambda: os.link("/usr/bin/env", "/home/student/planted-by-an-attack-link"),
    lambda: os.open("/dev/sda", os.O_RDONLY),
    lambda: os.open("/dev/mem", os.O_RDONLY),
    lambda: os.setuid(0),
    lambda: os.chroot("/tmp"),
):
    try:
        make()
        done.append(make.__code__.co_names)
    except OSError:
        pass
print(done)
value = 0.125 if done and os.getuid() != 0 else 0.0
