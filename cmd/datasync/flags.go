package main

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// Groups of flags, as help and the reference page show them.
const (
	groupJob    = "Job"
	groupRun    = "Run"
	groupOutput = "Output"
)

// jobFlags say which job, and how its file is read.
func jobFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "job", Category: groupJob, Usage: "job `FILE`, - for standard input, or the text itself, plain or URL-encoded"},
		&cli.StringSliceFlag{Name: "p", Category: groupJob, Usage: "parameters for ${name} in the file: `\"a=1,b=2\"`, \"-Da=1 -Db=2\" or a JSON object"},
		&cli.StringFlag{Name: "pj", Category: groupJob, Usage: "parameters as a `JSON` object"},
		&cli.StringFlag{Name: "confProp", Category: groupJob, Usage: "properties as a `JSON` object, such as '{\"flink.checkpoint.interval\":\"10000\"}'"},
		&cli.StringFlag{Name: "jobName", Category: groupJob, Usage: "`NAME` that the job's state is kept under (default: the file's name)"},
		&cli.StringFlag{Name: "jobid", Category: groupJob, Usage: "older spelling of -jobName"},
		&cli.StringFlag{Name: "jobType", Category: groupJob, Value: "sync", Usage: "`TYPE` of the job: sync"},
		&cli.StringFlag{Name: "mode", Category: groupJob, Value: "local", Usage: "`MODE` to run in: local; jobs always run in this process"},
		&cli.StringFlag{Name: "timezone", Category: groupJob, Usage: "`ZONE` of clock times without one, such as Europe/Berlin (default: the machine's)"},
		&cli.StringFlag{Name: "dialect", Category: groupJob, Usage: "`DIALECT` of the file where spellings differ: flinkx or datax (default: found out)"},
		&cli.BoolFlag{Name: "all-contents", Category: groupJob, Usage: "run all elements of job.content one after the other, with one report, and not the first alone"},
		&cli.BoolFlag{Name: "lenient", Category: groupJob, Usage: "unknown keys of the job file are warnings, not errors"},
	}
}

// runFlags say how a run begins and what it leaves.
func runFlags() []cli.Flag {
	return append([]cli.Flag{
		stateDirFlag(),
		&cli.BoolFlag{Name: "resume", Category: groupRun, Usage: "go on where an unfinished run ended"},
		&cli.BoolFlag{Name: "fresh", Category: groupRun, Usage: "forget saved state and start over"},
		&cli.StringFlag{Name: "s", Category: groupRun, Usage: "state `DIR` to resume from, as -state-dir DIR -resume; Flink savepoints cannot be read"},
		&cli.StringFlag{Name: "report", Category: groupRun, Value: "text", Usage: "`FORMAT` of the report at the end, on stdout: text, json or none"},
		&cli.StringFlag{Name: "report-file", Category: groupRun, Usage: "write the report to `FILE` and not to stdout"},
	}, metricsFlags()...)
}

// outputFlags say what is logged, and where.
func outputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "log-level", Category: groupOutput, Usage: "least `LEVEL` that is logged: trace, debug, info, warn or error (default: setting.log.level of the job, or info)"},
		&cli.StringFlag{Name: "log-format", Category: groupOutput, Value: "text", Usage: "`FORMAT` of the log: text or json"},
		&cli.StringFlag{Name: "log-file", Category: groupOutput, Usage: "write the log to `FILE` and not to stderr"},
		&cli.BoolFlag{Name: "v", Category: groupOutput, Usage: "log more, as -log-level debug"},
		&cli.BoolFlag{Name: "quiet", Category: groupOutput, Usage: "no progress, and only warnings and errors in the log"},
	}
}

// flinkFlag is a flag of FlinkX or ChunJun that means nothing here.
type flinkFlag struct{ name, why string }

var flinkFlags = []flinkFlag{
	{"pluginRoot", noPlugins}, {"remotePluginPath", noPlugins}, {"pluginLoadMode", noPlugins},
	{"chunjunDistDir", noPlugins}, {"remoteChunJunDistDir", noPlugins}, {"flinkxDistDir", noPlugins}, {"remoteFlinkxDistDir", noPlugins},
	{"addjar", noPlugins}, {"addShipfile", noPlugins},
	{"flinkconf", noFlink}, {"flinkConfDir", noFlink}, {"flinkLibJar", noFlink}, {"flinkLibDir", noFlink},
	{"hadoopConfDir", noCluster}, {"yarnconf", noCluster}, {"queue", noCluster}, {"priority", noCluster}, {"appId", noCluster},
	{"parallelism", "job.setting.speed.channel says how many channels run"},
	{"runMode", "a job ends when its reader ends"},
	{"monitor", "progress and report need no monitor"},
	{"krb5conf", noKerberos}, {"keytab", noKerberos}, {"principal", noKerberos},
}

const (
	noPlugins  = "the plugins are part of this binary"
	noFlink    = "no Flink is needed"
	noCluster  = "jobs run in this process, not on a cluster"
	noKerberos = "Kerberos is set up in the connectors' own parameters"
)

func acceptedFlags() []cli.Flag {
	flags := make([]cli.Flag, len(flinkFlags))
	for i, f := range flinkFlags {
		flags[i] = &cli.StringFlag{Name: f.name, Hidden: true, Usage: f.why}
	}
	return flags
}

// parallelFlags are run's own.
func parallelFlags() []cli.Flag {
	return []cli.Flag{&cli.IntFlag{Name: "parallel", Category: groupRun, Value: 1, Usage: "run `N` jobs at the same time, each with its own progress and report"}}
}

// checkFlags are check's own.
func checkFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "probe", Category: groupRun, Usage: "connect to both ends and compare them: privileges, tables, columns, types; nothing is changed"},
		jsonFlag("the findings"),
	}
}

// previewFlags are preview's own.
func previewFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "n", Category: groupRun, Value: 20, Usage: "how many `ROWS` preview shows"},
		jsonFlag("the rows, one object a line"),
	}
}

// convertFlags are convert's own.
func convertFlags() []cli.Flag {
	return []cli.Flag{&cli.StringFlag{Name: "o", Category: groupOutput, Usage: "write to `FILE`, with its passwords and for its owner alone, and not to stdout, without them"}}
}

// pluginsFlags are those of plugins.
func pluginsFlags() []cli.Flag { return []cli.Flag{jsonFlag("the list")} }

// schemaFlags are those of schema.
func schemaFlags() []cli.Flag {
	return []cli.Flag{&cli.StringFlag{Name: "o", Category: groupOutput, Usage: "write to `FILE` and not to stdout"}}
}

// stateFlags are those of state.
func stateFlags() []cli.Flag {
	return []cli.Flag{stateDirFlag(), jsonFlag("what is shown")}
}

func jsonFlag(what string) cli.Flag {
	return &cli.BoolFlag{Name: "json", Category: groupOutput, Usage: "print " + what + " as JSON"}
}

func stateDirFlag() cli.Flag {
	return &cli.StringFlag{Name: "state-dir", Category: groupRun, Usage: "`DIR` for saved state (default: $DATASYNC_STATE_DIR, $XDG_STATE_HOME/datasync, ~/.local/state/datasync)"}
}

// clusterModes are what FlinkX calls running elsewhere than in this process.
var clusterModes = map[string]bool{
	"standalone": true, "yarn": true, "yarn-session": true, "yarnper": true, "yarn-per-job": true, "yarn-application": true,
	"kubernetes-session": true, "kubernetes-per-job": true, "kubernetes-application": true,
}

const noClusterMode = "datasync runs a job in its own process and uses no cluster; leave -mode out and start it on the machine, " +
	"or in the container, that is to do the work (cron, systemd, a Kubernetes Job)"

// checkMode refuses every mode but local.
func checkMode(mode string) error {
	name := strings.ToLower(mode)
	switch {
	case name == "" || name == "local" || name == "local-test":
		return nil
	case clusterModes[name]:
		return usagef("-mode %s: "+noClusterMode, mode)
	}
	return usagef("-mode %s: unknown mode; expected local, which may be left out", mode)
}
