package job

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/config"
)

// Options are what the command line says about a job file.
type Options struct {
	File        string                            // for error texts and the identity; "" for inline text
	Params      string                            // -p: "a=1,b=2", "-Da=1 -Db=2", or JSON if it begins with {
	ConfProp    string                            // -confProp: a JSON object; "" is {}
	JobName     string                            // -jobName or -jobid; FlinkX's default names count as not given
	Dialect     string                            // -dialect: flinkx or datax; "" finds out
	Lenient     bool                              // unknown keys are warnings
	AllContents bool                              // -all-contents: every element of job.content runs, not only the first
	Check       bool                              // elements of job.content that do not run are read too; see [Job.Idle]
	Env         func(name string) (string, bool)  // os.LookupEnv; nil: nothing is set
	ReadFile    func(path string) ([]byte, error) // os.ReadFile, for ${file:path}; nil: no file can be read
	Part        bool                              // the job is rewritten and not run: placeholders may be without a value; see [Job.Canonical]
	Zone        *time.Location                    // of ${now} and ${bizdate}; nil: the machine's
	Now         func() time.Time                  // nil: time.Now
}

// Parse reads a job file. Its error joins all faults as [*config.Error] under
// class Config. The job is returned with an error too, unless the text could
// not be read as JSON at all: it then holds what could be read, so that the
// caller can decode the operators' parameters and report those faults as well,
// with [config.Join].
func Parse(text []byte, o Options) (*Job, error) {
	p := &parser{options: o, notes: &config.Notes{}}
	j := &Job{
		File: o.File, Identity: Identity(o.JobName, o.File, text),
		Setting: DefaultSetting(), notes: p.notes,
	}
	p.identity(j.Identity)
	j.Properties = p.properties()
	source, left := p.expand(text)
	root, err := config.Parse(source)
	if err != nil {
		bare := func(l config.Left) bool { return l.Bare }
		if slices.ContainsFunc(left, bare) {
			p.unresolved(source, nil, left, func(l config.Left) bool { return bare(l) || !routing[l.Name] })
		} else {
			p.add(err)
		}
		return nil, config.Join(p.errs...)
	}
	j.root, j.props = root, p.props
	j.scrubber = sync.OnceValue(j.scrub)
	p.unresolved(source, root, left, unrouted(root))
	p.dialect(root, j)
	p.file(root, j)
	sound := len(p.errs)
	p.gateway(j)
	p.table(j)
	if p.options.Part {
		if root.Member("job").Member("setting").Kept() { // a value may mend what is wrong
			p.errs = p.errs[:sound]
		}
		return j, config.JoinPart(p.errs...)
	}
	return j, config.Join(p.errs...)
}

// Masked returns the file as JSON, indented, placeholders replaced, with every
// value that looks like a secret as asterisks.
func (j *Job) Masked() []byte { return config.Masked(j.root) }

// Leaves calls visit for every value of the file; see [config.Leaves].
func (j *Job) Leaves(skip func(n *config.Node, path []byte) bool, visit func(path, masked []byte)) {
	config.Leaves(j.root, skip, visit)
}

// Scrubber returns a function that hides the secrets of the file and of
// -confProp in any text; see [config.Scrubber]. Errors of drivers and log lines
// go through it.
func (j *Job) Scrubber() func(text string) string { return j.scrubber() }

// scrub looks for the secrets: once, a job of many pipelines asks for them often.
func (j *Job) scrub() func(text string) string {
	file := config.Scrubber(j.root)
	if j.props == nil {
		return file
	}
	props := config.Scrubber(j.props)
	return func(text string) string { return props(file(text)) }
}

type parser struct {
	options Options
	notes   *config.Notes
	errs    []error
	props   *config.Node // -confProp; nil if not given

	unread bool // -p could not be read: what it names may well have a value

	undecided bool // the file may be of the other dialect
}

func (p *parser) add(err error) {
	if err != nil {
		p.errs = append(p.errs, err)
	}
}

func (p *parser) decoder(n *config.Node, noEffect map[string]string) *config.Decoder {
	return config.NewDecoder(n, config.Settings{Lenient: p.options.Lenient, NoEffect: noEffect, Stray: strayKeys, Notes: p.notes})
}

// expand replaces placeholders by their values.
func (p *parser) expand(text []byte) (*config.Text, []config.Left) {
	params, err := parameters(p.options.Params)
	p.add(err)
	p.unread = err != nil
	v := newValues(&p.options, params)
	source, left := config.Expand(p.options.File, text, v.lookup)
	for _, name := range sorted(params) {
		if !v.used[name] {
			p.notes.Warn(&config.Error{File: "-p", Path: name, Msg: "no ${" + name + "} in the job file uses this parameter"})
		}
	}
	return source, left
}

// unresolved reports those of the placeholders without a value that count; root
// is nil for a text that is no JSON.
func (p *parser) unresolved(source *config.Text, root *config.Node, left []config.Left, counts func(config.Left) bool) {
	for _, l := range left {
		if !counts(l) || p.unread && strings.Contains(p.options.Params, l.Name) || p.options.Part && l.MayStay() {
			continue
		}
		fault := source.Unresolved(l)
		if at := root.Holding(l); at != nil {
			fault.Path = at.Path()
		}
		p.add(fault)
	}
}

// routing are the placeholders of nameMapping.
var routing = map[string]bool{"dataBaseName": true, "schemaName": true, "tableName": true}

// tableTopics are the keys of a writer's parameter that name topics by ${table}
// and the like.
var tableTopics = []string{"topic", "topics", "tableIdToTopicMapping", "schemaChangeTopic"}

// unrouted tells placeholders that need a value from those in nameMapping and
// in names of topics, where ${schemaName}, ${table} and the like are a language
// of its own.
func unrouted(root *config.Node) func(config.Left) bool {
	var routed []*config.Node
	for _, c := range root.Member("job").Member("content").Items() {
		if m := c.Member("nameMapping"); m != nil {
			routed = append(routed, m)
		}
		for _, key := range tableTopics {
			if m := c.Member("writer").Member("parameter").Member(key); m != nil {
				routed = append(routed, m)
			}
		}
	}
	return func(l config.Left) bool {
		return l.Open || !slices.ContainsFunc(routed, func(m *config.Node) bool { return m.Covers(l) })
	}
}

// fileNode and the types below are the file's skeleton.
type fileNode struct {
	Job  *config.Node `json:"job" required:"true"`
	Core *config.Node `json:"core"`
}

// NoEffect names what stands beside job in DataX's files, and what editors read.
func (fileNode) NoEffect() map[string]string {
	return map[string]string{
		"$schema": "it tells editors what a job file may hold",
		"setting": "the settings stand in job.setting",
		"common":  engineOfDataX, "entry": engineOfDataX,
	}
}

type jobNode struct {
	Content *config.Node `json:"content" required:"true"`
	Setting *config.Node `json:"setting"`
}

// NoEffect names keys that stand in job in files that FlinkX ships, and those
// of DataX's engine.
func (jobNode) NoEffect() map[string]string {
	return map[string]string{
		"preHandler": engineOfDataX, "postHandler": engineOfDataX, "container": engineOfDataX,
		"speed":  "the speed stands in job.setting.speed",
		"writer": "the writer stands in job.content[0].writer",
		"reader": "the reader stands in job.content[0].reader",
	}
}

type contentNode struct {
	Reader       *config.Node `json:"reader" required:"true"`
	Writer       *config.Node `json:"writer" required:"true"`
	Transformer  *config.Node `json:"transformer"`
	NameMapping  *config.Node `json:"nameMapping"`
	TableColumns *config.Node `json:"tableColumns"`
	Restoration  *config.Node `json:"restoration"`
}

func (p *parser) file(root *config.Node, j *Job) {
	var (
		f  fileNode
		jn jobNode
	)
	if p.add(p.decoder(root, nil).Decode(&f)); f.Job.Unset() {
		return
	}
	p.add(p.decoder(f.Job, nil).Decode(&jn))
	if !jn.Setting.Unset() {
		p.add(p.decoder(jn.Setting, nil).Decode(&j.Setting))
	}
	p.settled(j)
	p.core(f.Core, j)
	p.content(jn.Content, j)
}

// content makes the pipelines.
func (p *parser) content(n *config.Node, j *Job) {
	items := n.Items()
	switch {
	case n.Unset():
		return
	case n.Kind() != config.ListKind:
		p.add(n.Errorf("expected a list with one element that has a reader and a writer, found %s", n.Kind()))
		return
	case len(items) == 0:
		p.add(n.Errorf("is empty, expected one element that has a reader and a writer"))
		return
	}
	for i, item := range items {
		switch {
		case i == 0 || p.options.AllContents:
			j.Pipelines = append(j.Pipelines, p.pipeline(i, item))
		case p.options.Check:
			j.Idle = append(j.Idle, p.pipeline(i, item))
		}
	}
	if left := len(items) - len(j.Pipelines); left > 0 {
		p.notes.Warn(items[1].Errorf("only content[0] runs, as in FlinkX and DataX; the other %d are left out; -all-contents runs all", left))
	}
	p.restoreColumn(j)
}

func (p *parser) pipeline(index int, n *config.Node) Pipeline {
	var c contentNode
	p.add(p.decoder(n, nil).Decode(&c))
	reader, writer := p.operator(c.Reader, "reader", ReaderPlugin, readerNoEffect), p.operator(c.Writer, "writer", WriterPlugin, writerNoEffect)
	return Pipeline{
		Index: index, Reader: reader, Writer: p.shaped(reader, writer),
		Transformer: statement(nonEmpty(c.Transformer)), NameMapping: nonEmpty(c.NameMapping), TableColumns: nonEmpty(c.TableColumns), Restoration: nonEmpty(c.Restoration),
	}
}

// statement returns nil for a transformer whose statement is empty, which is none in FlinkX.
func statement(n *config.Node) *config.Node {
	if n != nil && len(n.Members()) == 1 && n.Members()[0].Name == "transformSql" && n.Member("transformSql").Unset() {
		return nil
	}
	return n
}

// nonEmpty returns nil for a node that says nothing: "", {} and [] too.
func nonEmpty(n *config.Node) *config.Node {
	if n.Unset() || n.Kind() != config.StringKind && len(n.Items())+len(n.Members()) == 0 {
		return nil
	}
	return n
}
