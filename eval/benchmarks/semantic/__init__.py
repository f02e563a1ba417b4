"""A hierarchy of 110 categories in nonsense words.

`hierarchy.yaml`, `hierarchy` (it, and what follows in it), `wordings` (facts as sentences), `reading` (sentences as facts),
`world` (documents and questions of a seed).
"""
