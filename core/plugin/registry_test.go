package plugin_test

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
)

func TestRegistry(t *testing.T) {
	r, err := plugin.NewRegistry(
		[]plugin.ReaderInfo{{Name: "mysql", Aliases: []string{"tidb"}}, {Name: "file"}},
		[]plugin.WriterInfo{{Name: "kafka", Aliases: []string{"kafka11"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mysql", "mysqlreader", "mysqlsource", "tidbreader"} {
		if info, err := r.Reader(name); err != nil || info.Name != "mysql" {
			t.Errorf("reader %q: %v, %v", name, info, err)
		}
	}
	for _, name := range []string{"kafka", "kafkawriter", "kafkasink", "kafka11writer"} {
		if info, err := r.Writer(name); err != nil || info.Name != "kafka" {
			t.Errorf("writer %q: %v, %v", name, info, err)
		}
	}
	for _, name := range []string{"", "reader", "mysqlwriter", "MySQL"} {
		_, err := r.Reader(name)
		if errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "filereader, mysqlreader, tidbreader") {
			t.Errorf("reader %q: %v", name, err)
		}
	}
	if got := r.Readers(); len(got) != 2 || got[0].Name != "file" || got[1].Name != "mysql" {
		t.Errorf("readers %v", got)
	}
	if got := r.Writers(); len(got) != 1 || got[0].Name != "kafka" {
		t.Errorf("writers %v", got)
	}
}

func TestRegistryRefusesDuplicates(t *testing.T) {
	for name, readers := range map[string][]plugin.ReaderInfo{
		"names":            {{Name: "a"}, {Name: "a"}},
		"name and alias":   {{Name: "a"}, {Name: "b", Aliases: []string{"a"}}},
		"alias of oneself": {{Name: "a", Aliases: []string{"a"}}},
	} {
		if _, err := plugin.NewRegistry(readers, nil); err == nil || !strings.Contains(err.Error(), `"a" is registered twice`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := plugin.NewRegistry(nil, []plugin.WriterInfo{{Name: "a"}, {Name: "a"}}); err == nil {
		t.Error("two writers of one name were taken")
	}
}
