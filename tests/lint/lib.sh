# lib.sh - what the lint scripts share. Each is run as
#
#   bash tests/lint/NAME SOURCE [BUILD]
#
# and reads the tree at SOURCE only, so that it can be pointed at a copy with a
# fault planted in it.
set -u
export LC_ALL=C
lint=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$lint/../lib/tap.sh"
cd "${1:?the source folder}" || exit 1

# The files of the project, without what was built and without the history.
files() { # FIND-TEST...
    find . \( -path ./build -o -path ./.git \) -prune -o -type f \( "$@" \) -print |
        sed 's,^\./,,' | sort
}

sources() { # FOLDER...
    find "$@" -type f -name '*.[ch]' 2>/dev/null | sort
}

# The table of docs/architecture.md: folder, what it may include, third party.
rows() {
    sed -n '/^## Who may include whom/,/^## The folders/p' docs/architecture.md |
        sed -n 's/^| *\([a-z]*\) *| *\([a-z ]*\) *| *\(.*[^ ]\)\{0,1\} *|$/\1\t\2\t\3/p' |
        sed -e '/^folder\t/d' -e 's/ *\t/\t/g'
}

row_uses() { # FOLDER
    rows | awk -F '\t' -v f="$1" '$1 == f { print $2 }'
}

# Every folder of the table is core/NAME, net or cli.
folder_path() { # FOLDER
    case $1 in
        net | cli) echo "$1" ;;
        *) echo "core/$1" ;;
    esac
}
