# Adds up Verilator's coverage files (verif/coverage.sh): a line for each point, "kind file line column name count", by place in
# the source whatever the parameters and instances. Reads assertions.tsv (file, line: what is inside of `ifdef VERILATOR) first.
#
#   awk -f points.awk assertions.tsv FILE.dat...
#
# kind is line, branch, user (cover statements) or toggle. Of lines, branches and toggles those of the assertions' helper logic
# are left out, and the wrappers that Verilator writes around blocks it compiles apart.
#
# A toggle point is a bit. Verilator 5.006 has one counter for it, of changes in both directions, for all N instances of a module
# in a simulation. With more than 2 N changes one of them has changed three times, so twice without the change that the start of
# the simulation may be: once in each direction. Only that counts as reached, and its count is 1. N is how often the module's
# clock has changed by that of the whole design; a module without clock is taken to have 16 times as many instances as any other.
BEGIN { FS = "'"; OFS = "\t" }

function finish_file(    module, clock, least, most, point, at) {
  least = most = 0
  for (module in clocks) if (least == 0 || clocks[module] < least) least = clocks[module]
  for (module in clocks) if (clocks[module] > most) most = clocks[module]
  for (point in changes) {
    split(point, at, SUBSEP)
    clock = at[1] in clocks ? clocks[at[1]] : 16 * most
    toggles[at[2]] += least > 0 && changes[point] * least > 2 * clock
  }
  delete clocks
  delete changes
}

NR == FNR { split($0, at, "\t"); check[at[1] OFS at[2]] = 1; next }
FNR == 1 { finish_file() }
/^C / {
  n = split($2, part, "\001")
  file = line = column = what = page = ""
  for (i = 1; i <= n; i++) {
    split(part[i], field, "\002")
    if (field[1] == "f") file = field[2]
    if (field[1] == "l") line = field[2]
    if (field[1] == "n") column = field[2]
    if (field[1] == "o") what = field[2]
    if (field[1] == "page") page = field[2]
  }
  sub(/.*\//, "", file)
  module = page
  sub(/[^\/]*\//, "", module)
  sub(/\/.*/, "", page)
  sub(/^v_/, "", page)
  if (file !~ /^mv_.*\.sv$/ || file ~ /_[0-9a-f]\.sv$/) next
  if (page == "toggle" && what == "clk_i") clocks[module] += $3
  if (page != "user" && ((file OFS line) in check)) next
  if (page == "toggle") changes[module, page OFS file OFS line OFS column OFS what] += $3
  else count[page OFS file OFS line OFS column OFS what] += $3
}
END {
  finish_file()
  for (point in count) print point, count[point]
  for (point in toggles) print point, (toggles[point] > 0)
}
