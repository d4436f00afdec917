# Takes the points of excluded.txt out of those that nothing has reached (verif/coverage.sh).
#
#   awk -v rtl=FOLDER -f exclude.awk excluded.txt points.tsv > missed.txt
#
# Prints the points of lines and branches that are neither reached nor excluded. Writes the number of those that are excluded to
# excluded.count. Exit 1 with a message: an entry is reached, or names no line or several, or no point of it, or gives no reason.
BEGIN { FS = "\t" }

function fail(text) { print "excluded.txt: " text > "/dev/stderr"; bad = 1 }

FNR == NR {
  if ($0 ~ /^#/ || $0 ~ /^$/) next
  if ($0 ~ /^  /) { reason[entries] = 1; next }
  if (match($0, /^[a-z0-9_]+\.sv [a-z]+: /) == 0) { fail("found \"" $0 "\", expected FILE POINT: LINE"); next }
  entries++
  head = substr($0, 1, RLENGTH - 2)
  split(head, part, " ")
  text = substr($0, RLENGTH + 1)
  matches = number = 0
  while ((getline source < (rtl "/" part[1])) > 0) {
    number++
    gsub(/^ +| +$/, "", source)
    if (source == text) { matches++; at = number }
  }
  close(rtl "/" part[1])
  name[entries] = head ": " text
  if (matches != 1) fail("\"" name[entries] "\": found " matches " such lines, expected 1")
  else entry[part[1] FS at FS part[2]] = entries
  next
}
$1 == "line" || $1 == "branch" {
  key = $2 FS $3 FS $5
  if (key in entry) {
    met[entry[key]] = 1
    if ($6 > 0) fail("\"" name[entry[key]] "\" is reached: the entry goes")
    excluded++
  } else if ($6 == 0) {
    printf "%s:%d:%d: %s %s\n", $2, $3, $4, $1, $5
  }
}
END {
  for (i = 1; i <= entries; i++) {
    if (!(i in reason)) fail("\"" name[i] "\" has no reason")
    if (!(i in met)) fail("\"" name[i] "\": found no such point")
  }
  print excluded + 0 > "excluded.count"
  exit bad
}
