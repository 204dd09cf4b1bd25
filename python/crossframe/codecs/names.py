"""Names that codecs give to objects; apart, since listing keys must not wait for pyarrow."""

SIDECAR_SUFFIX = ".schema.json"
"""What follows the key of a CSV in the key of its sidecar schema."""

DATA_SET_NAME = "_crossframe.json"
"""Last segment of the key that lists a data set's parts, beside them."""
