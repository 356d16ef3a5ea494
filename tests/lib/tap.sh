# tap.sh - TAP for tests that are bash scripts.
#
#   clean SENTENCE [FINDINGS]   ok if FINDINGS is empty, else not ok, each line
#                               of it a diagnostic
#   is SENTENCE GOT WANTED      ok if both texts are equal
#   holds SENTENCE COMMAND...   ok if the command succeeds; its output is shown
#                               if not
#   plan_done                   prints the plan; the last act of every script
#
# A script that dies before plan_done has no plan, and ./check counts that as a
# failure.

tap_n=0
tap_bad=0

clean() {
    tap_n=$((tap_n + 1))
    if [ -z "${2-}" ]; then
        echo "ok $tap_n - $1"
    else
        tap_bad=$((tap_bad + 1))
        echo "not ok $tap_n - $1"
        printf '%s\n' "$2" | sed 's/^/# /'
    fi
}

is() {
    if [ "$2" = "$3" ]; then
        clean "$1"
    else
        clean "$1" "$(diff <(printf '%s\n' "$3") <(printf '%s\n' "$2"))"
    fi
}

holds() {
    local sentence=$1 text status
    shift
    text=$("$@" 2>&1)
    status=$?
    if [ $status -eq 0 ]; then
        clean "$sentence"
    else
        clean "$sentence" "exit status $status${text:+
$text}"
    fi
}

plan_done() {
    echo "1..$tap_n"
    [ $tap_bad -eq 0 ]
    exit
}
