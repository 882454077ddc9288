package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/metric"
)

// metricsPage lists what Prometheus is shown.
func metricsPage() []byte {
	var b bytes.Buffer
	b.WriteString(stamp + "# Metrics\n\nWhat `-metrics` serves on `/metrics`, and what is pushed to a Pushgateway: see [operations](operations.md#prometheus).\n")
	b.WriteString("All names carry the label `job`, the job's name; pushed ones get it from their group.\n\n")
	b.WriteString("Counts are those of the whole job: they go on where an interrupted run ended, and rows that are read again after\nan error count once. " +
		"So they can go down for a moment, and are gauges.\n\n## Of every job\n\n")
	figureTable(&b, metric.Figures())
	if plugins := metric.PluginFigures(); len(plugins) > 0 {
		b.WriteString("\n## Of single connectors\n\nWhile the job runs.\n\n")
		figureTable(&b, plugins)
	}
	prefixes, labels := metric.FlinkPrefixes()
	fmt.Fprintf(&b, "\n## FlinkX's names\n\nThe accumulators and rates above, from `numRead` to `endLocation`, are there once more under the names of FlinkX and ChunJun, for dashboards that know these: after\n`%s`\n", strings.Join(prefixes, "` and `"))
	fmt.Fprintf(&b, "(the last two as `startlocation` and `endlocation`), with the labels `%s`.\n`job_id` is the same for all runs of a job; `subtask_index` is 0: the figures are those of all channels.\n", strings.Join(labels, "`, `"))
	count, failed := metric.FlinkDirty()
	fmt.Fprintf(&b, "`%s` is `nErrors`,\nand `%s` is `dirtySinkFailures`.\n", count, failed)
	b.WriteString("\n## Of the process\n\n`go_*` and `process_*`, as every Go program has them.\n")
	return b.Bytes()
}

func figureTable(b *bytes.Buffer, figures []metric.Figure) {
	b.WriteString("| name | type | labels | meaning |\n|---|---|---|---|\n")
	for _, f := range figures {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, strings.Join(f.Labels, ", "), f.Help)
	}
}

// TestFiguresOfPlugins compares what the connectors publish with the list.
func TestFiguresOfPlugins(t *testing.T) {
	published := map[string]string{}
	// A call of its own, or what core/kit/handover publishes for several.
	call := regexp.MustCompile(`(?:\b[Gg]auge\(\s*|\.Publish\([^",()]*,\s*)"([^"]+)"|"([^"]+)":\s*&g\.`)
	for _, root := range []string{"reader", "writer", "core/kit"} {
		err := filepath.WalkDir(filepath.Join(moduleRoot, root), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range call.FindAllSubmatch(text, -1) {
				published["datasync_"+string(m[1])+string(m[2])] = path
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var listed []string
	for _, f := range metric.PluginFigures() {
		listed = append(listed, f.Name)
		if published[f.Name] == "" {
			t.Errorf("%s is listed in core/metric, and no connector publishes it", f.Name)
		}
	}
	for name, path := range published {
		if !slices.Contains(listed, name) {
			t.Errorf("%s publishes %s, which core/metric does not list", path, name)
		}
	}
}
