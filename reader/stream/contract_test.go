package stream

import (
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
)

const everyType = `{"column":[{"name":"id","type":"id"},{"name":"i","type":"int"},{"name":"u","type":"unsigned bigint"},
	{"name":"b","type":"boolean"},{"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"m","type":"decimal(10,3)"},
	{"name":"day","type":"date"},{"name":"t","type":"time"},{"name":"dt","type":"datetime"},{"name":"ts","type":"timestamp"},
	{"name":"iv","type":"interval"},{"name":"j","type":"json"},{"name":"id4","type":"uuid"},{"name":"raw","type":"binary"},
	{"name":"c","type":"char"},{"name":"list","type":"int[]"},{"name":"k","type":"int","value":"42"},"text"],
	"sliceRecordCount": %COUNT%, "seed": 7}`

func TestContract(t *testing.T) {
	config := replaceCount(`["300"]`)
	plugintest.Reader(t, plugintest.ReaderSuite{
		New:       func(t testing.TB) plugin.Reader { return plugintest.NewReader(t, Info(), config) },
		Want:      func(t testing.TB) [][]string { return rowsOf(t, config) },
		Channels:  []int{1},
		Resumable: true,
		Bad:       badConfigs(),
	})
}

func badConfigs() map[string]func(testing.TB) error {
	bad := map[string]string{
		"no columns":         `{"column":[]}`,
		"all columns":        `{"column":["*"]}`,
		"no column":          `{"sliceRecordCount":[1]}`,
		"unknown key":        `{"column":["a"],"sliceRecordCounts":[1]}`,
		"name twice":         `{"column":["a","a"]}`,
		"negative count":     `{"column":["a"],"sliceRecordCount":[-1]}`,
		"count is no number": `{"column":["a"],"sliceRecordCount":["many"]}`,
		"constant":           `{"column":[{"name":"a","type":"int","value":"x"}]}`,
		"constant too large": `{"column":[{"name":"a","type":"tinyint","value":"300"}]}`,
		"column is a list":   `{"column":[["a"]]}`,
	}
	builders := map[string]func(testing.TB) error{}
	for name, config := range bad {
		builders[name] = plugintest.ReaderError(Info(), config)
	}
	return builders
}
