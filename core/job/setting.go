package job

import (
	"math"

	"github.com/datasync-io/datasync/core/config"
)

const engineOfDataX = "it sets up DataX's own engine"

// NoEffect names keys of DataX's files.
func (Setting) NoEffect() map[string]string {
	return map[string]string{"keyVersion": engineOfDataX}
}

// settled checks job.setting as a whole, by the file's dialect.
func (p *parser) settled(j *Job) {
	s, at := &j.Setting, j.root.Member("job").Member("setting")
	if s.Restore.IsStream {
		s.Restore.IsRestore = true
	}
	if s.DryRun {
		p.add(at.Member("dryRun").Errorf("a dry run is made with: datasync check -probe"))
	}
	if path := at.Member("log").Member("path"); !path.Unset() && !s.Log.IsLogger {
		p.notes.Inform(path.Errorf("has no effect: logs go to stderr; use -log-file"))
	}
	p.errorLimit(j, at.Member("errorLimit"))
	if j.Dialect == DataX && s.ErrorLimit == nil && j.Properties.DirtyRows == nil {
		if at == nil {
			at = j.root.Member("job")
		}
		p.notes.Warn(at.Errorf("no bad row is allowed, as there is no errorLimit, where DataX lets any number pass; \"errorLimit\": {} does so here"))
	}
}

// errorLimit checks the share of bad rows: a ratio in DataX's files, where it
// counts only without a number of rows, and percent in FlinkX's.
func (p *parser) errorLimit(j *Job, at *config.Node) {
	limit := j.Setting.ErrorLimit
	if limit == nil || limit.Percentage == nil {
		return
	}
	share, where := *limit.Percentage, at.Member("percentage")
	switch {
	case j.Dialect == DataX && share > 1:
		p.add(where.Errorf("expected at most 1: it is a ratio in DataX's files, and this one is taken for DataX's, %s; -dialect flinkx takes it for percent", j.DialectReason))
	case j.Dialect == DataX && limit.Record != nil:
		p.notes.Inform(where.Errorf("has no effect: record decides where both are given, as in DataX"))
	case share > 100:
		p.add(where.Errorf("expected at most 100: it is in percent"))
	case j.Dialect == FlinkX && p.undecided && share > 0 && share <= 1:
		p.notes.Warn(where.Errorf("%s is taken for percent, as in FlinkX; if it is DataX's ratio, run with -dialect datax", where.Text()))
	}
}

// perChannel are the keys of core that mean something: what one channel may
// read a second.
type perChannel struct {
	Byte   config.Bytes `json:"byte"`
	Record int64        `json:"record"`
}

// core reads what stands beside job in DataX's files. DataX gives each channel
// a speed, and as many channels as the job's speed takes of them.
func (p *parser) core(n *config.Node, j *Job) {
	if n.Unset() {
		return
	}
	speed := p.corePath(n, "transport", "channel", "speed")
	if speed.Kind() != config.ObjectKind {
		return
	}
	if j.Dialect != DataX {
		p.notes.Inform(speed.Errorf("has no effect: %s", engineOfDataX))
		return
	}
	for _, m := range speed.Members() {
		if m.Name != "byte" && m.Name != "record" {
			p.notes.Inform(m.Node.Errorf("has no effect: %s", engineOfDataX))
		}
	}
	for _, n := range []*config.Node{speed, j.root.Member("job").Member("setting").Member("speed")} {
		if p.options.Part && n.Kept() {
			p.add(&config.Error{File: p.options.File, Path: n.Path(), Line: n.Line(), Column: n.Column(),
				Msg: "core and job.setting.speed are made one here, and a placeholder has no value; give it with -p"})
		}
	}
	var one perChannel
	settings := config.Settings{Lenient: true} // what else stands there is noted above
	p.add(config.NewDecoder(speed, settings).Decode(&one))
	j.Setting.Speed.of(one)
}

// corePath follows the names, notes everything beside them and returns what
// they lead to.
func (p *parser) corePath(n *config.Node, names ...string) *config.Node {
	for _, name := range names {
		for _, m := range n.Members() {
			if m.Name != name {
				p.notes.Inform(m.Node.Errorf("has no effect: %s", engineOfDataX))
			}
		}
		n = n.Member(name)
	}
	return n
}

// of makes of the speed of one channel that of the job, or of both the number
// of channels.
func (s *Speed) of(one perChannel) {
	channels := int64(math.MaxInt64)
	limited := false
	if one.Byte > 0 && s.Bytes > 0 {
		channels, limited = min(channels, max(1, int64(s.Bytes)/int64(one.Byte))), true
	}
	if one.Record > 0 && s.Record > 0 {
		channels, limited = min(channels, max(1, s.Record/one.Record)), true
	}
	if limited {
		s.Channel = int(min(channels, maxChannels))
		return
	}
	if one.Byte > 0 {
		s.Bytes = config.Bytes(times(int64(one.Byte), s.Channel))
	}
	if one.Record > 0 {
		s.Record = times(one.Record, s.Channel)
	}
}

// times multiplies a positive speed; what is too much is no limit.
func times(one int64, channels int) int64 {
	if one > math.MaxInt64/int64(max(1, channels)) {
		return 0
	}
	return one * int64(channels)
}
