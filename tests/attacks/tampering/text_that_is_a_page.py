"""Raises and prints text that is a page of its own when somebody reads the marks. On value."""
print("<script>planted_by_an_attack()</script>" * 3)


class Page(float):
    def _repr_html_(self):
        return "<script>planted_by_an_attack()</script>"


raise ValueError("<script>planted_by_an_attack()</script></pre><img src=x onerror=planted_by_an_attack()>")
