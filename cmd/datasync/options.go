package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/datasync-io/datasync/core/job"
)

// options is a checked command line.
type options struct {
	jobs       []string // flagged, then positional
	flagged    []string // with -job
	positional []string
	replay     string // a dirty file
	output     string // of convert
	name       string
	parameters string
	confProp   string
	lenient    bool
	dialect    string
	all        bool // elements of job.content run
	zone       *time.Location

	stateDir      string
	resume, fresh bool
	report        string
	reportFile    string
	metrics       string // the address
	pprof         bool

	logLevel, logFormat, logFile string
	verbose, quiet               bool

	rows     int
	parallel int
	probe    bool
	json     bool
	dry      bool     // the job is looked at: it leaves no file
	whole    bool     // what does not run is looked at as well
	part     bool     // placeholders may be without a value
	notes    []string // what the flags say that means nothing
}

// readOptions checks the flags of any command.
func (p *process) readOptions(c *cli.Context) (*options, error) {
	o := &options{
		flagged: c.StringSlice("job"), positional: c.Args().Slice(), name: c.String("jobName"),
		confProp: c.String("confProp"), lenient: c.Bool("lenient"),
		dialect: c.String("dialect"), all: c.Bool("all-contents"),
		resume: c.Bool("resume"), fresh: c.Bool("fresh"), stateDir: c.String("state-dir"),
		report: c.String("report"), reportFile: c.String("report-file"), metrics: c.String("metrics"), pprof: c.Bool("pprof"),
		logLevel: c.String("log-level"), logFormat: c.String("log-format"), logFile: c.String("log-file"),
		verbose: c.Bool("v"), quiet: c.Bool("quiet"), rows: c.Int("n"),
		parallel: c.Int("parallel"), probe: c.Bool("probe"), json: c.Bool("json"), output: c.String("o"),
	}
	o.jobs = slices.Concat(o.flagged, o.positional)
	if o.name == "" {
		o.name = c.String("jobid")
	}
	if err := o.check(c); err != nil {
		return nil, err
	}
	var err error
	if o.parameters, err = parameters(c.StringSlice("p"), c.String("pj")); err != nil {
		return nil, err
	}
	p.secrets.add(hidden(o.parameters, o.confProp))
	if o.zone, err = zone(c.String("timezone")); err != nil {
		return nil, err
	}
	if err := checkMode(c.String("mode")); err != nil {
		return nil, err
	}
	for _, f := range flinkFlags {
		if c.IsSet(f.name) {
			o.notes = append(o.notes, "-"+f.name+": has no effect, "+f.why)
		}
	}
	idle := idleFlags[c.Command.Name]
	for name := range strings.FieldsSeq(idle.names) {
		if c.IsSet(name) {
			o.notes = append(o.notes, "-"+name+": has no effect, "+idle.why)
		}
	}
	return o, o.savepoint(c.String("s"))
}

func (o *options) check(c *cli.Context) error {
	switch kind := c.String("jobType"); {
	case strings.EqualFold(kind, "sql"):
		return usagef("-jobType sql: SQL files are not run; write the query as job.content[0].transformer.transformSql of a sync job")
	case !strings.EqualFold(kind, "sync"):
		return usagef("-jobType %s: unknown type; expected sync", kind)
	case len(o.jobs) == 0:
		return usagef("no job given; name a job file with -job, datasync -help lists all flags")
	case o.resume && o.fresh:
		return usagef("-resume and -fresh exclude each other; -resume goes on, -fresh starts over")
	case len(o.jobs) > 1 && o.name != "" && c.Command.Name != "replay":
		return usagef("-jobName %s: one name for %d jobs; run them one by one", o.name, len(o.jobs))
	case o.rows < 0:
		return usagef("-n %d: expected 0 or more rows", o.rows)
	case c.IsSet("parallel") && o.parallel < 1:
		return usagef("-parallel %d: expected 1 or more jobs at the same time", o.parallel)
	case count(o.jobs, "-") > 1:
		return usagef("-job -: standard input holds one job, and it is asked for %d times", count(o.jobs, "-"))
	}
	if o.reportFile != "" && !c.IsSet("report") && filepath.Ext(o.reportFile) == ".json" {
		o.report = "json"
	}
	if err := oneOf("report", o.report, "text", "json", "none"); err != nil {
		return err
	}
	if o.report == "none" && o.reportFile != "" {
		return usagef("-report none: -report-file %s asks for a report; leave one of them out, or say -report json or text", o.reportFile)
	}
	if err := oneOf("log-format", o.logFormat, "text", "json"); err != nil {
		return err
	}
	return oneOf("log-level", strings.ToLower(o.logLevel), "", "trace", "debug", "info", "warn", "error")
}

func count(list []string, text string) (n int) {
	for _, s := range list {
		if s == text {
			n++
		}
	}
	return n
}

func oneOf(flag, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	if allowed[0] == "" {
		allowed = allowed[1:]
	}
	return usagef("-%s %s: unknown value; expected %s", flag, value, strings.Join(allowed, ", "))
}

func zone(name string) (*time.Location, error) {
	if name == "" {
		return time.Local, nil
	}
	if z, err := time.LoadLocation(name); err == nil {
		return z, nil
	}
	for _, layout := range []string{"-07:00", "-0700", "-07", "GMT-07:00", "GMT-07", "UTC-07:00", "UTC-07"} {
		if t, err := time.Parse(layout, padded(name)); err == nil {
			_, offset := t.Zone()
			return time.FixedZone(name, offset), nil
		}
	}
	return nil, usagef("-timezone %s: unknown time zone; expected a name such as UTC or Europe/Berlin, or an offset such as +08:00", name)
}

// padded gives an offset of one digit, as in GMT+8, a second one.
func padded(name string) string {
	if n := len(name); n > 1 && (name[n-2] == '+' || name[n-2] == '-') {
		return name[:n-1] + "0" + name[n-1:]
	}
	return name
}

// savepoint reads -s: a folder of datasync's own state. Flink's savepoints are
// told by their _metadata file, or by an address that is no local path.
func (o *options) savepoint(path string) error {
	if path == "" {
		return nil
	}
	const remedy = "a Flink savepoint cannot be read; run the job from its start, or with -resume from datasync's own state"
	if strings.Contains(path, "://") && !strings.HasPrefix(path, "file://") {
		return usagef("-s %s: %s", path, remedy)
	}
	path = strings.TrimPrefix(path, "file://")
	info, err := os.Stat(path)
	if err != nil {
		return usagef("-s %s: no such state folder; %s", path, remedy)
	}
	if _, err := os.Stat(filepath.Join(path, "_metadata")); err == nil || !info.IsDir() {
		return usagef("-s %s: %s", path, remedy)
	}
	if o.fresh {
		return usagef("-fresh: the run is to go on from %s, as -s or execution.savepoint.path says; leave one of them out", path)
	}
	if o.stateDir != "" && o.stateDir != path {
		return usagef("-s %s: -state-dir names another folder; give one of them", path)
	}
	o.stateDir, o.resume = path, true
	return nil
}

// jobOptions are the options as package job takes them.
func (o *options) jobOptions(file string, env func(string) (string, bool)) job.Options {
	return job.Options{
		File: file, Params: o.parameters, ConfProp: o.confProp, JobName: o.name, Lenient: o.lenient,
		Dialect: o.dialect, AllContents: o.all && o.replay == "", Check: o.whole, Part: o.part, Env: env, Zone: o.zone,
		ReadFile: func(path string) ([]byte, error) { return readFile(path, longestValue) },
	}
}
