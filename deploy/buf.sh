#!/usr/bin/env bash
# buf over protos/, offline.
#   deploy/buf.sh lint       STANDARD rules, see buf.yaml
#   deploy/buf.sh breaking   nothing that a caller relies on was taken away since the latest tag; while
#                            there is no tag, since main's previous commit. BUF_AGAINST=<commit> chooses.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
googleapis=build/googleapis

vendor() { # copy the protos that ours import out of the installed package
    rm -rf "$googleapis"
    mkdir -p "$googleapis"
    "$bin/python" - "$googleapis" <<'PYTHON'
import pathlib, shutil, sys
import google.rpc

source = pathlib.Path(next(iter(google.rpc.__path__))).parents[1]
for proto in [*source.glob("google/rpc/*.proto"), *source.glob("google/api/*.proto")]:
    target = pathlib.Path(sys.argv[1]) / proto.relative_to(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(proto, target)
PYTHON
}

against() { # name the commit to compare with; nothing when this clone holds none
    if [ -n "${BUF_AGAINST:-}" ]; then
        echo "$BUF_AGAINST"
        return
    fi
    git describe --tags --abbrev=0 2>/dev/null && return
    local main
    for main in origin/main main; do
        git rev-parse --quiet --verify "$main^{commit}" >/dev/null || continue
        if ! git merge-base --is-ancestor HEAD "$main"; then # a branch: where it left main
            git merge-base HEAD "$main" || true
            return
        fi
    done
    git rev-parse --quiet --verify 'HEAD~1^{commit}' || true
}

breaking() {
    local base old=build/buf-against
    base=$(against)
    if [ -z "$base" ] || ! git cat-file -e "$base:protos" 2>/dev/null; then
        echo "buf breaking: no earlier protos in this clone, nothing to compare with"
        return
    fi
    rm -rf "$old"
    mkdir -p "$old/build"
    git archive "$base" protos | tar -x -C "$old"
    cp buf.yaml "$old/"
    cp -r "$googleapis" "$old/build/"
    "$bin/buf" breaking --against "$old"
    echo "buf breaking: compatible with ${base}"
}

case "${1:-}" in
    lint) vendor && "$bin/buf" lint && echo "buf lint: clean" ;;
    breaking) vendor && breaking ;;
    *) sed -n '2,6s/^# //p' "$0" >&2; exit 2 ;;
esac
