# count.awk - reads a log of `ctest -V` and counts single results, not programs.
#
#   awk -v list=LIST [-v ci=1] -f count.awk LOG
#
# LIST holds one line a test: number, name, "tap" or "plain", its labels between
# commas; fields are separated by tabs. Written are, separated by tabs:
#
#   F text      a failure          D text      a line of detail about it
#   S text      a skip             N passed failed skipped     once, at the end
#
# A TAP test (label tap) counts each of its lines. What its plan promised and did
# not come is failed; so is a test without a plan, with an empty plan, with more
# results than planned, or one that ended badly after its last result. Several
# plans in one program add up: cmocka prints one a group. A skip is "ok N # SKIP"
# or, as cmocka writes it, "not ok N # SKIP". A plain test counts as one.
#
# With ci set, a skip for want of namespaces, or of a test labelled e2e, is a
# failure: where the project is checked, such tests must run.

function out(kind, text)
{
    print kind "\t" text
}

function fail(text)
{
    failed++
    out("F", text)
}

function skip(t, reason)
{
    sub(/^[ -]+/, "", reason)
    if (ci && (labels[t] ~ /,e2e,/ || tolower(reason) ~ /namespace/)) {
        fail(name[t] ": skipped where it must run: " reason)
        return
    }
    skipped++
    out("S", name[t] ": " reason)
}

function show_tail(t,    i, from)
{
    from = lines[t] > 20 ? lines[t] - 19 : 1
    for (i = from; i <= lines[t]; i++)
        out("D", tail[t, i % 20])
}

function take(t, line,    s)
{
    sub(/\r$/, "", line)
    lines[t]++
    tail[t, lines[t] % 20] = line
    s = line
    sub(/^[ \t]+/, "", s)

    if (s ~ /^1\.\.[0-9]+/) {
        plans[t]++
        planned[t] += substr(s, 4) + 0
        if (toupper(s) ~ /^1\.\.0 *# *SKIP/) {
            all_skipped[t] = 1
            sub(/^1\.\.0 *# *[A-Za-z]*/, "", s)
            why[t] = s
        }
        in_failure[t] = 0
    } else if (s ~ /^(not )?ok( |$)/) {
        seen[t]++
        in_failure[t] = 0
        if (toupper(s) ~ /^(NOT )?OK [0-9]*[^#]*# *SKIP/) {
            sub(/^[^#]*# *[A-Za-z]*/, "", s)
            result[t, seen[t]] = "S" s
        } else if (s ~ /^ok/) {
            result[t, seen[t]] = "P"
        } else {
            sub(/^not ok [0-9]* *-? */, "", s)
            result[t, seen[t]] = "F" s
            in_failure[t] = 1
        }
    } else if (s ~ /^#/ && in_failure[t] && details[t, seen[t]] < 12) {
        detail[t, seen[t], ++details[t, seen[t]]] = s
    }
}

function judge_plain(t)
{
    if (verdict[t] == "Passed") {
        passed++
    } else if (verdict[t] ~ /^Skipped/) {
        skip(t, "skipped by itself")
    } else {
        fail(name[t] ": " verdict[t])
        show_tail(t)
    }
}

function judge_tap(t,    i, j, bad, missing)
{
    if (all_skipped[t] || (verdict[t] ~ /^Skipped/ && seen[t] == 0)) {
        if (verdict[t] == "Passed" || verdict[t] ~ /^Skipped/)
            skip(t, why[t] != "" ? why[t] : "skipped by itself")
        else
            fail(name[t] ": skipped, and yet " verdict[t])
        return
    }
    bad = failed
    for (i = 1; i <= seen[t]; i++) {
        if (result[t, i] == "P") {
            passed++
        } else if (result[t, i] ~ /^S/) {
            skip(t, substr(result[t, i], 2))
        } else {
            fail(name[t] ": " substr(result[t, i], 2))
            for (j = 1; j <= details[t, i]; j++)
                out("D", detail[t, i, j])
        }
    }
    missing = planned[t] - seen[t]
    if (plans[t] == 0) {
        fail(name[t] ": printed no plan (" verdict[t] ")")
        show_tail(t)
    } else if (planned[t] == 0) {
        fail(name[t] ": did no work: its plan is empty")
    } else if (missing > 0) {
        fail(name[t] ": stopped before its plan was complete, " missing \
             " of " planned[t] " did not run (" verdict[t] ")")
        failed += missing - 1
        show_tail(t)
    } else if (missing < 0) {
        fail(name[t] ": printed " (-missing) " more than planned")
    }
    if (failed == bad && verdict[t] != "Passed") {
        fail(name[t] ": ended badly after its last result (" verdict[t] ")")
        show_tail(t)
    }
}

BEGIN {
    FS = "\t"
    passed = failed = skipped = tests = 0
    while ((getline < list) > 0) {
        order[++tests] = $1
        name[$1] = $2
        tap[$1] = ($3 == "tap")
        labels[$1] = "," $4 ","
        verdict[$1] = "never finished"
        seen[$1] = plans[$1] = planned[$1] = lines[$1] = 0
    }
}

# "12: text", what test 12 printed
/^ *[0-9]+: / {
    at = index($0, ":")
    take(substr($0, 1, at - 1) + 0, substr($0, at + 2))
    next
}

# "3/40 Test #12: name ....   Passed    0.01 sec"
/^ *[0-9]+\/[0-9]+ +Test +#[0-9]+: / {
    match($0, /#[0-9]+/)
    t = substr($0, RSTART + 1, RLENGTH - 1) + 0
    at = index($0, "***")
    v = at > 0 ? substr($0, at + 3) : "Passed"
    sub(/ +[0-9.]+ sec.*$/, "", v)
    sub(/ +$/, "", v)
    verdict[t] = v
}

END {
    if (tests == 0)
        fail("no test was found")
    for (i = 1; i <= tests; i++) {
        if (tap[order[i]])
            judge_tap(order[i])
        else
            judge_plain(order[i])
    }
    print "N\t" passed "\t" failed "\t" skipped
}
