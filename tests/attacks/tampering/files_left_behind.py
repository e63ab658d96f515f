"""Writes files wherever it may, by absolute paths and through links. On value."""
import os

written = []
places = ["/tmp", "/var/tmp", "/dev/shm", "/home", "/root", "/env", "/env/files", "/env/site", "/usr/lib", "/etc", "@COURSE@", "/proc/self/cwd", "/run", "/mnt", "/"]
for place in places:
    for name in ("planted-by-an-attack.txt", "planted-by-an-attack/inner.txt"):
        path = os.path.join(place, name)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write("here")
            written.append(path)
        except OSError:
            pass
for target_path in ("@COURSE@/gradebook.db", "@COURSE@/source", "/etc/passwd"):
    try:
        os.symlink(target_path, "planted-by-an-attack-link")
        with open("planted-by-an-attack-link", "a") as file:
            file.write("here")
        written.append(target_path)
    except OSError:
        pass
print(written)
value = 0.0
