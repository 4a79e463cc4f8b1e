"""Start Curator from a checkout; the same program as ``curator``."""

from curator.__main__ import main

if __name__ == "__main__":
    main()
