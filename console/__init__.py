"""The console's outer shell: gate, sign-in, security headers, health, language. Pages may import it, `sync`
may not.
"""
