"""The pages and scripts of the browser side, as files; served as they are."""
