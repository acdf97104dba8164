"""Content-Security-Policy: what a page may load, run and be shown in."""

from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

EVERYWHERE = {
    "default-src": [SELF],
    "img-src": [SELF, "data:"],
    "script-src": [SELF, NONCE],
    "style-src": [SELF],
    "object-src": [NONE],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
}
# The admin's theme evaluates Alpine expressions and sets styles; it needs these, and only there.
ADMIN = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}
