# Compares the cover statements of the RTL with the table that lists them (verif/coverage.sh).
#
#   awk -f listed.awk docs/verification.md points.tsv
#
# Rows of the table are "| `module` | `Name` `Name` … |". Exit 1 with a message for each name that only one of them has.
BEGIN { FS = "\t" }
FNR == NR {
  if ($0 ~ /^\| `mv_[a-z0-9_]+` \| `[A-Z][A-Za-z0-9]*`( `[A-Z][A-Za-z0-9]*`)* \|$/) {
    count = split($0, word, "`")
    for (i = 4; i < count; i += 2) listed[word[2] "." word[i]] = 1
  }
  next
}
$1 == "user" { sub(/\.sv$/, "", $2); found[$2 "." $5] = 1 }
END {
  for (name in found) if (!(name in listed)) { print "docs/verification.md does not list the cover statement " name; bad = 1 }
  for (name in listed) if (!(name in found)) { print "docs/verification.md lists the cover statement " name ", which the RTL has not"; bad = 1 }
  exit bad
}
