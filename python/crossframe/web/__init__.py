"""My files: a page that shows a bucket or a folder in the browser. Thin: what it does, the package does.

``app`` puts it together; ``security`` stands before everything else. A handler takes what the browser
asks for, calls the package and answers in JSON. Nothing here knows S3, formats or R.
"""
