#!/usr/bin/env bash
# life.sh - three people, three computers, no server: what ./demo plays.
#
# Amina and Chloé use it in French, Luc in English. Each has a home of their own. The
# play makes a network namespace of its own that holds nothing but a loopback: the
# program speaks on every interface there is, and a play must not be heard by
# others. What is printed is the product's own output.
# Texts: tests/data/diaries, out of copyright, sources named beside them.
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

: "${DEMO_BIN:?}" "${DEMO_TMP:?}" "${DEMO_STATE:?}"
actor=$DEMO_BIN/../actor/actor
diaries=tests/data/diaries

if [ -z "${DEMO_ALONE-}" ]; then
    export DEMO_ALONE=1
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(--map-root-user)
    unshare "${as_root[@]}" --net true 2>/dev/null || {
        echo "This kernel refuses a network of the play's own, and it must not be heard on yours." >&2
        exit 1
    }
    exec unshare "${as_root[@]}" --net bash "$PWD/tests/demo/life.sh"
fi
ip link set lo up || exit 1
[ "$(ip -br link | wc -l)" -eq 1 ] || exit 1

declare -A lang=([amina]=fr [luc]=en [chloe]=fr)
declare -A phrase=(
    [amina]="hameau cerise citron horloge tulipe"
    [luc]="apple bridge cherry garden window"
    [chloe]="violon zeste balcon lampe sucre")

step() {
    echo "step $*" >>"$DEMO_STATE"
    printf '\n════ %s\n' "$*"
}

fail() {
    printf 'life: %s\n' "$*" >&2
    exit 1
}

# as WHO COMMAND...: one command of that person, with no terminal.
as() {
    local who=$1
    shift
    ENTRENOUS_HOME=$DEMO_TMP/$who ENTRENOUS_LANG=${lang[$who]} "$@"
}

# shown WHO ARGS...: the command as a person types it.
shown() {
    local who=$1 arg line=
    shift
    for arg in "$@"; do
        case $arg in *' '*) line+=" \"$arg\"" ;; *) line+=" $arg" ;; esac
    done
    printf '\n[%s] $ entrenous%s\n' "$who" "$line"
}

# say WHO ARGS...: shows the command as typed, then runs it.
say() {
    local who=$1
    shift
    shown "$who" "$@"
    as "$who" entrenous "$@" || fail "entrenous $* ended with $?"
}

# talk WHO [QUESTION ANSWER]... -- ARGS...: the same at a terminal.
talk() {
    local who=$1 questions=()
    shift
    while [ "$1" != -- ]; do
        questions+=("$1" "$2")
        shift 2
    done
    shift
    shown "$who" "$@"
    as "$who" "$actor" -t 90 "${questions[@]}" -- entrenous "$@" ||
        fail "entrenous $* ended with $?"
}

# until_true SECONDS COMMAND...: asks again until it holds.
until_true() {
    local end=$((SECONDS + $1))
    shift
    while ! "$@"; do
        [ $SECONDS -lt $end ] || return 1
        read -r -t 0.2 <> <(:) || true
    done
}

# A code, once the invitation shows it.
code_in() {
    sed -nE 's/^ +entrenous (rejoindre|join) ([0-9]+-[^ ]+)$/\2/p' "$1" | head -n 1
}
has_code() { [ -n "$(code_in "$1")" ]; }

# meet NAME WHO: Amina invites, WHO joins by the spoken code, both hear six words.
meet() {
    local name=$1 who=$2 said=$DEMO_TMP/invite.$2 code host
    as amina "$actor" -t 90 "oui/non" oui -- entrenous inviter "$name" >"$said" 2>&1 &
    host=$!
    until_true 30 has_code "$said" || { cat "$said"; fail "no code came"; }
    code=$(code_in "$said")
    if [ "${lang[$who]}" = fr ]; then
        talk "$who" "oui/non" oui "Quel nom" "$name" "Choisissez une phrase" "${phrase[$who]}" \
            "Encore une fois" "${phrase[$who]}" -- rejoindre "$code"
    else
        talk "$who" "yes/no" yes "What name" "$name" "Choose a passphrase" "${phrase[$who]}" \
            "Once more" "${phrase[$who]}" -- join "$code"
    fi
    wait $host || { cat "$said"; fail "the invitation ended with $?"; }
    shown amina inviter "$name"
    cat "$said"
}

# The six words as one line, in the circle's language on every screen.
words_of() { as "$1" entrenous words --json | grep -oE '"words":\[[^]]*\]'; }
same_words() {
    local a b c
    a=$(words_of amina) b=$(words_of luc) c=$(words_of chloe)
    [ -n "$a" ] && [ "$a" = "$b" ] && [ "$a" = "$c" ]
}

# How many shared things a person can list.
shared_count() { as "$1" entrenous list --shared --json | grep -o '"id":' | wc -l; }
has_shared() { [ "$(shared_count "$1")" -ge "$2" ]; }

# share WHO TEXT: writes a line and shares it with the circle.
share() {
    local who=$1 text=$2 id
    printf '\n[%s] %s\n' "$who" "$text"
    id=$(printf '%s\n' "$text" | as "$who" entrenous write --json |
        sed -nE 's/.*"id":"([0-9a-z]+)".*/\1/p')
    [ -n "$id" ] || fail "nothing was kept of $who's line"
    if [ "${lang[$who]}" = fr ]; then
        talk "$who" "oui/non" oui -- partager "${id:0:8}" --with cercle
    else
        talk "$who" "yes/no" yes -- share "${id:0:8}" --with circle
    fi
}

off() {
    if [ "${lang[$1]}" = fr ]; then say "$1" relier --stop; else say "$1" sync --stop; fi
}
on() {
    if [ "${lang[$1]}" = fr ]; then say "$1" relier; else say "$1" sync; fi
}

stop_all() {
    for who in amina luc chloe; do
        as "$who" entrenous agent stop >/dev/null 2>&1
    done
}
trap stop_all EXIT

step "Amina starts alone, and finds what somebody wrote two centuries ago"
say amina
talk amina "Quel nom" "Amina B." "propose une" "${phrase[amina]}" "Encore une fois" "${phrase[amina]}" \
    -- commencer
say amina importer "$diaries/delacroix-fr.jsonl" --format jsonl
say amina chercher coeur --limit 3
say amina cejour --on 2026-04-27
printf '%s\n' "Avant la première séance : je note ce que j’attends de ce groupe." |
    as amina entrenous ecrire || fail "writing"

step "Luc joins by a spoken code"
say amina cercle creer "Les Tilleuls"
meet "Luc R." luc

step "Chloé joins"
meet "Chloé D." chloe

step "the same six words on three screens"
until_true 60 same_words || fail "the six words differ"
say amina mots
say luc words
say chloe mots

step "Luc brings a diary of his own, and shares three lines"
say luc import "$diaries/pepys-en.jsonl" --format jsonl
say luc search plague --limit 3
share luc "I asked a question instead of explaining."
share luc "The team heard it before I did."
share luc "Next week I shall write first and speak second."
until_true 60 has_shared amina 3 || fail "Amina has not received what Luc shared"
until_true 60 has_shared chloe 3 || fail "Chloé has not received what Luc shared"
say amina lire

step "Chloé is away and comes back"
say chloe fermer
share amina "Pour jeudi : chacun apporte une situation, en trois phrases."
talk chloe "phrase secr" "${phrase[chloe]}" -- ouvrir
say chloe relier
until_true 60 has_shared chloe 4 || fail "Chloé did not catch up"
say chloe lire

step "Luc carries for two who do not meet"
off amina
share chloe "J’ai compris que j’attendais un accord, pas un conseil."
until_true 60 has_shared luc 5 || fail "Luc has not received what Chloé shared"
off chloe
on amina
until_true 60 has_shared amina 5 || fail "Luc did not carry it to Amina"
say amina lister --shared
on chloe

step "the end of the evening"
until_true 60 same_words || fail "the six words differ at the end"
say amina statut
say luc status
say chloe mots
say amina fermer

entries=0
for who in luc chloe; do
    n=$(as "$who" entrenous list --json | grep -o '"id":' | wc -l)
    entries=$((entries + n))
done
talk amina "phrase secr" "${phrase[amina]}" -- ouvrir
entries=$((entries + $(as amina entrenous list --json | grep -o '"id":' | wc -l)))
{
    echo "people 3"
    echo "entries $entries"
} >>"$DEMO_STATE"
