package job

import (
	"strings"

	"github.com/datasync-io/datasync/core/config"
)

// Properties is what -confProp says that means something here. Everything
// else in it is noted.
type Properties struct {
	// The time between two checkpoints; 0: not given.
	Checkpoint config.Duration `json:"execution.checkpointing.interval" alias:"flink.checkpoint.interval" min:"1"`
	// A checkpoint to go on from.
	SavepointPath string `json:"execution.savepoint.path" alias:"execution.state-recovery.path"`
	// What happens to bad rows: default counts them, log logs them, file writes them to job.setting.dirty.path, jdbc (or
	// mysql) into a table.
	DirtyOutput string `json:"chunjun.dirty-data.output-type" alias:"flinkx.dirty-data.output-type" enum:"default,log,file,jdbc,mysql"`
	// So many bad rows are allowed; negative: any number; nil: not given.
	DirtyRows *int64 `json:"chunjun.dirty-data.max-rows" alias:"flinkx.dirty-data.max-rows"`
	// So often the place for bad rows may fail; negative: any number; nil: not given.
	DirtyFailures *int64 `json:"chunjun.dirty-data.max-collect-failed-rows" alias:"flinkx.dirty-data.max-collect-failed-rows"`
	// Every n-th bad row is logged; 0 and less: none; nil: not given.
	DirtyLogEvery *int64 `json:"chunjun.dirty-data.log.print-interval" alias:"flinkx.dirty-data.log.print-interval"`
	DirtyTableProperties
	GatewayProperties
	RestartProperties
}

const confProp = "-confProp"

// properties reads -confProp. Flink has hundreds of properties, so that an
// unknown one is no fault; an unknown one of the tools' own is a warning.
func (p *parser) properties() Properties {
	var props Properties
	text := strings.TrimSpace(p.options.ConfProp)
	if text == "" {
		return props
	}
	root, err := config.Parse(config.NewText(confProp, []byte(text)))
	if err != nil {
		p.add(err)
		return props
	}
	p.props = root
	known := map[string]bool{}
	for _, key := range config.Describe(props) {
		known[key.Name] = true
		for _, alias := range key.Aliases {
			known[alias] = true
		}
	}
	noEffect := map[string]string{}
	for _, m := range root.Members() {
		if !known[m.Name] && !ownProperty(m.Name) {
			noEffect[m.Name] = "it is a property of Flink's own"
		}
	}
	d := config.NewDecoder(root, config.Settings{Lenient: true, NoEffect: noEffect, Notes: p.notes})
	p.add(d.Decode(&props))
	return props
}

func ownProperty(key string) bool {
	return strings.HasPrefix(key, "chunjun.") || strings.HasPrefix(key, "flinkx.")
}

// NoEffect names the tools' own properties that mean nothing here.
func (Properties) NoEffect() map[string]string {
	return map[string]string{
		"chunjun.delay_period_mill":      "a job ends when its last row is durable",
		"chunjun.cluster.execution-mode": "jobs run in this process",
		"chunjun.dirty-data.dir":         "nothing is loaded from folders",
	}
}

// DirtyLimit returns how many bad rows, and what share of the rows read in
// percent, the job allows; a negative number is no limit. The properties win
// over job.setting.errorLimit; with neither, nothing is allowed.
func (j *Job) DirtyLimit() (rows int64, percent float64) {
	switch limit := j.Setting.ErrorLimit; {
	case j.Properties.DirtyRows != nil:
		return *j.Properties.DirtyRows, -1
	case limit == nil:
		return 0, 0
	default:
		rows, percent = -1, -1
		if limit.Record != nil {
			rows = *limit.Record
		}
		switch {
		case limit.Percentage == nil:
		case j.Dialect != DataX:
			percent = *limit.Percentage
		case limit.Record == nil:
			percent = *limit.Percentage * 100
		}
		return rows, percent
	}
}
