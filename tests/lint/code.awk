# code.awk - a C file with its comments and the insides of its string and
# character literals replaced by nothing; line numbers stay. The name in an
# #include is kept: it is code. With -v where=1 each line begins with its file and
# number, as grep -n prints them.

function put(text)
{
    print (where ? FILENAME ":" FNR ":" : "") text
}

FNR == 1 { in_comment = 0 }

{
    line = $0
    out = ""
    if (!in_comment && line ~ /^[ \t]*#[ \t]*include/) {
        sub(/\/[*\/].*$/, "", line)
        put(line)
        next
    }
    while (line != "") {
        if (in_comment) {
            at = index(line, "*/")
            if (at == 0)
                break
            line = substr(line, at + 2)
            in_comment = 0
            out = out " "
        } else if (match(line, /"|'|\/\*|\/\//)) {
            out = out substr(line, 1, RSTART - 1)
            mark = substr(line, RSTART, RLENGTH)
            line = substr(line, RSTART + RLENGTH)
            if (mark == "//") {
                break
            } else if (mark == "/*") {
                in_comment = 1
            } else {
                while (line != "" && substr(line, 1, 1) != mark)
                    line = substr(line, substr(line, 1, 1) == "\\" ? 3 : 2)
                line = substr(line, 2)
                out = out mark mark
            }
        } else {
            out = out line
            break
        }
    }
    put(out)
}
