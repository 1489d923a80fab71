"""Leads links from docs/ to the rest of the repository to its place on GitHub, and makes the anchors those of GitHub."""

import posixpath
import re
import unicodedata

LINK = re.compile(r"(\]\()(\.\./[^)#\s]*)([^)\s]*\))")


def slug(heading, separator):
    """The anchor of a heading, as GitHub makes it."""
    kept = (c for c in unicodedata.normalize("NFC", heading).lower() if c.isalnum() or c in " -_")
    return "".join(kept).replace(" ", separator)


def on_config(config):
    config.mdx_configs.setdefault("toc", {})["slugify"] = slug
    return config


def on_page_markdown(markdown, page, config, files):
    """Replaces relative links that leave docs/."""
    base = posixpath.join("docs", posixpath.dirname(page.file.src_uri))

    def absolute(match):
        path = posixpath.normpath(posixpath.join(base, match[2]))
        return f"{match[1]}{config.repo_url}/blob/main/{path}{match[3]}"

    return LINK.sub(absolute, markdown)
