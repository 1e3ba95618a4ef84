"""A picture without where and when it was taken: what leaves carries the picture alone."""

from __future__ import annotations

import io

from PIL import ImageOps

from referrals.attachments.kinds import Kind, opened


def stripped(kind: Kind, content: bytes) -> tuple[Kind, bytes]:
    """The picture written again, upright, without any metadata. HEIC leaves as JPG, which every computer opens."""
    with opened(content) as image:
        upright = ImageOps.exif_transpose(image)
        transparency = upright.info.get("transparency")
        upright.info.clear()
        out = io.BytesIO()
        if kind is Kind.PNG:
            if transparency is not None:
                upright.info["transparency"] = transparency
            upright.save(out, "PNG")
            return kind, out.getvalue()
        if upright.mode not in ("L", "RGB", "CMYK"):
            upright = upright.convert("RGB")
        upright.save(out, "JPEG", quality=92)
        return Kind.JPG, out.getvalue()
