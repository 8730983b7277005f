# Sourced by the scripts that start engines. WORK/pids/NAME holds "PID STARTTIME" of each process that a script has
# started: it ends only these, and only while the start time is still that of the PID.

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# enter WORK: makes the folder; the servers, which run as another user than root, can reach what is theirs in it
enter() { mkdir -p "$1/pids" "$1/log" && WORK=$(cd "$1" && pwd) && chmod 711 "$WORK"; }

# start_time PID: nothing when it has ended, even if nobody has asked for its exit code yet
start_time() { awk '{ sub(/.*\) /, ""); if ($1 != "Z") print $20 }' "/proc/$1/stat" 2>/dev/null || true; }

# spawn NAME COMMAND…: in the background with a session of its own; what it says goes to WORK/log/NAME
spawn() {
  local name=$1
  shift
  setsid "$@" >>"$WORK/log/$name" 2>&1 </dev/null &
  echo "$! $(start_time $!)" >"$WORK/pids/$name"
}

# pid_of NAME: its PID while it runs
pid_of() {
  local pid began
  [ -f "$WORK/pids/$1" ] && read -r pid began <"$WORK/pids/$1" || return 1
  [ -n "$began" ] && [ "$(start_time "$pid")" = "$began" ] && echo "$pid"
}

# end NAME [SIGNAL]: sends it (default TERM), waits, after 20 s KILL
end() {
  local pid until=$((SECONDS + 20))
  if pid=$(pid_of "$1"); then
    kill -s "${2:-TERM}" "$pid" 2>/dev/null || true
    while pid_of "$1" >/dev/null; do
      [ $SECONDS -lt $until ] || kill -s KILL "$pid" 2>/dev/null || true
      sleep 0.05
    done
  fi
  rm -f "$WORK/pids/$1"
}

# end_all [SIGNAL]
end_all() {
  local file
  for file in "$WORK"/pids/*; do [ ! -e "$file" ] || end "${file##*/}" "${1:-}"; done
}

listens() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# within SECONDS COMMAND…: runs it until it succeeds; gives up after the time, or when a process has ended
within() {
  local seconds=$1 until=$((SECONDS + $1)) file
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $until ] || die "not within $seconds s: $*; see $WORK/log"
    for file in "$WORK"/pids/*; do
      pid_of "${file##*/}" >/dev/null || die "${file##*/} has ended: $(tail -n 5 "$WORK/log/${file##*/}")"
    done
    sleep 0.05
  done
}
