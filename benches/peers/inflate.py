"""Inflates every .gz below a folder and forgets the bytes: inflate.py whole|streaming FOLDER. The floors under billtrail's reading."""

import pathlib
import sys

way, folder = sys.argv[1:]
files = sorted(pathlib.Path(folder).rglob("*.gz"))
if way == "whole":
    import deflate

    # A sink's file is one gzip member; a late one may be several, each small.
    for file in files:
        packed = file.read_bytes()
        try:
            deflate.gzip_decompress(packed)
        except deflate.DeflateError:
            import gzip

            gzip.decompress(packed)
else:
    from isal import isal_zlib

    for file in files:
        with file.open("rb") as packed:
            inflater = isal_zlib.decompressobj(wbits=31)
            while piece := inflater.unused_data or packed.read(1 << 18):
                if inflater.eof:
                    inflater = isal_zlib.decompressobj(wbits=31)
                inflater.decompress(piece)
