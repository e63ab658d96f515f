"""Answers with handles of every kind: of the library, of callbacks, of modules, of exceptions."""
import sys

from inside import codec as student_codec


class Answers:
    sent = 0


def wire():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Student":
        frame = frame.f_back
    return frame.f_locals["self"]


def target(x):
    handles = [
        student_codec.Handle(0, "library", "builtins", "True"),
        student_codec.Handle(1, "callback", "f"),
        student_codec.Handle(-1, "module", "Linear", ([], "", "torch.nn.modules", True)),
        student_codec.Handle(7, "class", "Odd", (["Odd"], "ExceptionGroup", "__main__", False)),
        student_codec.Handle(8, "class", "__class__", (["Odd"], "SystemExit", "__main__", True)),
        student_codec.Handle(9, "function", "\x00" * 99),
        student_codec.Handle(2**70, "nothing", "", "__call__"),
        student_codec.Handle(5, "object", "float", ("__float__", "__index__", "__fspath__")),
    ]
    Answers.sent += 1
    return handles[Answers.sent % len(handles)] if np.ndim(x) else handles[int(x) % len(handles)]
