package job

import (
	"regexp"
	"strconv"
	"sync"

	"github.com/datasync-io/datasync/core/config"
)

// perChannel tells that DataX's core decides about the job's speed.
func (c *canonical) perChannel() bool {
	speed := c.job.root.Member("core").Member("transport").Member("channel").Member("speed")
	return c.job.Dialect == DataX && (!speed.Member("byte").Unset() || !speed.Member("record").Unset())
}

// oneReader has one channel read where DataX does so by itself and FlinkX
// refuses: a table without splitPk.
func (c *canonical) oneReader(speed *config.Node) []entry {
	j := c.job
	several := j.Setting.Speed.Readers() > 1 || speed.Member("channel").Kept()
	if given := speed.Member("readerChannel"); given.Kept() || j.Setting.Speed.ReaderChannel > 0 {
		return nil
	}
	if j.Dialect != DataX || !several || len(j.Pipelines) == 0 || j.Pipelines[0].Reader.Parameter == nil {
		return nil
	}
	parameter := j.Pipelines[0].Reader.Parameter.Node()
	connections := parameter.Member("connection").Items()
	if len(connections) != 1 || len(connections[0].Member("table").Items()) > 1 || !parameter.Member("splitPk").Unset() && !hasStatement(parameter) {
		return nil
	}
	return []entry{{name: "readerChannel", value: raw("1"), comment: "a table without splitPk is read in one piece, as by DataX"}}
}

// errorLimit turns DataX's ratio into percent.
func (c *canonical) errorLimit(n *config.Node) []entry {
	var all []entry
	for _, m := range n.Members() {
		_, held := m.Node.Unexpanded()
		if m.Name != "percentage" || m.Node.Unset() || c.dropped[m.Node] != "" {
			all = append(all, c.member(m))
			continue
		}
		if m.Node.Kept() {
			e := c.member(m)
			e.comment = "DataX's ratio was given here: give percent, 100 times as much"
			all = append(all, e)
			continue
		}
		if held {
			all = append(all, entry{comment: "a placeholder stood for the ratio of which this is the percentage"})
		}
		percent := strconv.FormatFloat(*c.job.Setting.ErrorLimit.Percentage*100, 'g', 12, 64)
		all = append(all, entry{name: m.Name, value: raw(percent), comment: "percent; DataX's ratio was " + oneLine(m.Node.Text())})
	}
	return all
}

// hasStatement tells that a reader's connection list holds statements: then
// DataX takes no notice of what else says which rows and columns are read.
func hasStatement(parameter *config.Node) bool {
	for _, connection := range parameter.Member("connection").Items() {
		if !connection.Member("querySql").Unset() {
			return true
		}
	}
	return false
}

// columnName matches a column's name as it is or in quotes; DataX takes
// anything else for an expression of the database.
var columnName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("^(?:[\\p{L}_][\\p{L}\\p{N}_$#]*|`[^`]+`|\"[^\"]+\"|\\[[^\\]]+\\]|\\*)$")
})

// relational returns the parameter of DataX's relational readers.
func (c *canonical) relational(n *config.Node) []entry {
	statement := hasStatement(n)
	var all []entry
	for _, m := range n.Members() {
		e := c.member(m)
		switch m.Name {
		case "where", "splitPk", "column":
			if statement && !m.Node.Unset() {
				e = entry{comment: "not carried: " + quoteJSON(m.Name) + " (it has no effect beside querySql, as in DataX)"}
			} else if m.Name == "column" && hasExpressions(m.Node) {
				all = append(all, entry{comment: "DataX reads what is no name of a column as an expression; write such columns as customSql"})
			}
		}
		all = append(all, e)
		if m.Name == "splitPk" && !statement && !m.Node.Unset() && n.Member("splitStrategy").Unset() {
			all = append(all, entry{name: "splitStrategy", value: raw(`"range"`), comment: "as DataX splits, texts too"})
		}
	}
	return all
}

func hasExpressions(columns *config.Node) bool {
	for _, item := range columns.Items() {
		if item.Kind() != config.ObjectKind && !columnName().MatchString(item.Text()) {
			return true
		}
	}
	return false
}
