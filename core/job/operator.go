package job

import (
	"maps"

	"github.com/datasync-io/datasync/core/config"
)

// operatorNode is a reader or a writer in the file.
type operatorNode struct {
	Name      string       `json:"name" required:"true"`
	Parameter *config.Node `json:"parameter" required:"true"`
	Table     tableNode    `json:"table"`
}

type tableNode struct {
	TableName string `json:"tableName"`
}

const (
	strayKey  = "FlinkX ignores it as well"
	fromSpeed = "see job.setting.speed"
	fromLimit = "see job.setting.errorLimit"
	asDirty   = "see job.setting.dirty"
	asMetric  = "metrics are served by datasync itself"
	asColumn  = "it follows from parameter.column"
	guarantee = "the strongest guarantee that the pair can give holds; datasync check says which"
)

// NoEffect names keys of operators in files that FlinkX and ChunJun ship.
func (operatorNode) NoEffect() map[string]string {
	return map[string]string{
		"fieldList": asColumn, "fieldNameList": asColumn, "semantic": guarantee,
	}
}

// strayKeys stand somewhere in files that FlinkX and ChunJun ship and mean
// nothing there; a struct that has such a key wins.
var strayKeys = map[string]string{
	"sourceIds": strayKey, "sourceId": strayKey, "type": strayKey, "key": strayKey, "isPart": strayKey, "part": strayKey,
	"customConverterType": strayKey, "resourceName": strayKey,
}

// anyNoEffect are keys that every connector of FlinkX or ChunJun accepts in
// its parameter. A plugin that gives one a meaning declares it and so wins.
var anyNoEffect = map[string]string{
	"checkFormat": "every job is checked", "check": "every job is checked",
	"parallelism": fromSpeed, "speedBytes": fromSpeed,
	"errorRecord": fromLimit, "errorPercentage": fromLimit,
	"dirtyDataPath": asDirty, "dirtyDataHadoopConf": asDirty,
	"savePointPath":    "see -state-dir",
	"metricPluginRoot": asMetric, "metricPluginName": asMetric, "metricProps": asMetric,
	"rowSizeCalculatorType": "the size of a row is that of its values",
	"semantic":              guarantee, "executeDdlAble": "this connector applies no schema changes",
	"strategy":  "see job.setting.restart",
	"fieldList": asColumn,
	"session":   strayKey, "executePreSqlNoData": strayKey, "executePostSqlNoData": strayKey,
	"requestAccumulatorInterval": "the counters are local",
	"batchSize":                  "the engine sizes batches by bytes",
	"flushIntervalMills":         "rows are written as they come",
}

// readerNoEffect and writerNoEffect add what stands on the wrong side, or with
// the wrong connector, in shipped files.
var (
	readerNoEffect = with(anyNoEffect, map[string]string{
		"writeMode":   "it is a key of writers",
		"splitUpdate": "this reader emits no changes", "pavingData": "this reader emits no changes",
	})
	writerNoEffect = with(anyNoEffect, map[string]string{"print": "it is a key of the stream writer"})
)

func with(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// anyCase are the names of plugins whose keys FlinkX reads in any case, where
// the plugin here has other names too and does not say so itself.
var anyCase = map[string]bool{"ftp": true, "sftp": true}

// parameter returns the decoder of an operator's parameter.
func (p *parser) parameter(plugin string, n *config.Node, noEffect map[string]string) *config.Decoder {
	return config.NewDecoder(n, config.Settings{Lenient: p.options.Lenient, NoEffect: noEffect, Stray: strayKeys, Notes: p.notes, AnyCase: anyCase[plugin]})
}

// operator reads one side of a pipeline; resolve turns its name into a connector.
func (p *parser) operator(n *config.Node, side string, resolve func(string) string, noEffect map[string]string) Operator {
	if n.Unset() {
		return Operator{}
	}
	var o operatorNode
	p.add(p.decoder(n, nil).Decode(&o))
	op := Operator{Name: o.Name, Plugin: resolve(o.Name), Table: o.Table.TableName, Node: n}
	switch {
	case o.Parameter.Unset():
	case o.Parameter.Kind() != config.ObjectKind:
		p.add(o.Parameter.Errorf("expected an object with the %s's keys, found %s", side, o.Parameter.Kind()))
	default:
		op.Parameter = p.parameter(op.Plugin, o.Parameter, noEffect)
	}
	return op
}
