"""Run as a program, by `hub`: fetch files of one repository into the hub's own cache, one after the other.

Arguments: repository, commit, the revision (branch, tag or commit) that stood for the commit, file names.
"""

from __future__ import annotations

import sys

from huggingface_hub import constants, hf_hub_download


def main() -> None:
    repo, commit, revision, *names = sys.argv[1:]
    constants.DOWNLOAD_CHUNK_SIZE = 1 << 18  # 256 KiB, not 10 MiB: the progress bar moves on a slow line, too
    try:
        for name in names:
            hf_hub_download(repo, name, revision=commit)
        if revision != commit:
            # The file is there: all this does is note in the cache which commit the name stands for, now that the
            # snapshot is whole. Without the note nobody finds the snapshot by that name offline.
            hf_hub_download(repo, "config.json", revision=revision)
    except Exception as error:  # the parent shows the last line, and nobody the traceback
        sys.exit(f"{type(error).__name__}: {error}".splitlines()[0])


if __name__ == "__main__":
    main()
