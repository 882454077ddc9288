package config_test

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
)

type inner struct {
	JournalName string `json:"journal-name" alias:"journalName"`
	Port        int    `json:"port"`
}

type exact struct {
	Start inner  `json:"start"`
	Split bool   `json:"split" alias:"splitUpdate"`
	Table string `json:"table"`
}

// folded reads as FlinkX reads the parameters of its binlog reader.
type folded struct {
	exact
	Items []inner `json:"items"`
}

func (folded) AnyCaseKeys()                {}
func (folded) NoEffect() map[string]string { return map[string]string{"pavingData": "the writer's"} }

func decodeInto(t *testing.T, text string, s config.Settings, dst any) error {
	t.Helper()
	n, err := config.Parse(config.NewText("j", []byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	return config.NewDecoder(n, s).Decode(dst)
}

func TestKeysInAnyCase(t *testing.T) {
	var c folded
	notes := &config.Notes{}
	text := `{"SPLITUPDATE": "TRUE", "Start": {"JournalName": "b.1", "PORT": 3}, "PavingData": true, "items": [{"Port": 4}]}`
	if err := decodeInto(t, text, config.Settings{Notes: notes}, &c); err != nil {
		t.Fatal(err)
	}
	if !c.Split || c.Start != (inner{"b.1", 3}) || len(c.Items) != 1 || c.Items[0].Port != 4 {
		t.Errorf("got %+v", c)
	}
	if all := notes.All(); len(all) != 1 || all[0].Error.Error() != "j:1:69: PavingData: has no effect: the writer's" {
		t.Errorf("notes %v", all)
	}
	if err := decodeInto(t, `{"split": true, "Split": "true", "splitUpdate": true}`, config.Settings{}, &c); err != nil {
		t.Errorf("the same in another spelling: %v", err)
	}
	err := decodeInto(t, `{"split": true, "Split": false, "Tabel": "t", "start": {"pORT": "x"}}`, config.Settings{}, &c)
	want := "j:1:26: Split: means the same as \"split\", which is given too; keep one\n" +
		"j:1:33: Tabel: unknown key, did you mean \"table\"?\n" +
		"j:1:65: start.pORT: expected a whole number, found \"x\""
	if got := errText(config.Join(err)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestKeysMatchExactly(t *testing.T) {
	var c exact
	err := decodeInto(t, `{"Split": true, "start": {"Port": 1}}`, config.Settings{}, &c)
	want := "j:1:2: Split: unknown key, did you mean \"split\"?\nj:1:27: start.Port: unknown key, did you mean \"port\"?"
	if got := errText(config.Join(err)); got != want || c.Split || c.Start.Port != 0 {
		t.Errorf("got\n%s\n%+v", got, c)
	}
}

func TestStrayKeysMeanNothingAnywhere(t *testing.T) {
	var c exact
	notes := &config.Notes{}
	stray := map[string]string{"sourceId": "FlinkX ignores it as well", "table": "never asked for a key that is known"}
	if err := decodeInto(t, `{"sourceId": 1, "table": "t", "start": {"sourceId": 2}}`, config.Settings{Stray: stray, Notes: notes}, &c); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range notes.All() {
		got = append(got, n.Error.Error())
	}
	want := "j:1:2: sourceId: has no effect: FlinkX ignores it as well\nj:1:41: start.sourceId: has no effect: FlinkX ignores it as well"
	if strings.Join(got, "\n") != want || c.Table != "t" {
		t.Errorf("notes\n%s\n%+v", strings.Join(got, "\n"), c)
	}
}

func TestOneValueUnderTwoNames(t *testing.T) {
	var c inner
	if err := decodeInto(t, `{"journalName": "a", "journal-name": "a"}`, config.Settings{}, &c); err != nil || c.JournalName != "a" {
		t.Errorf("the same twice: %v, %+v", err, c)
	}
	if err := decodeInto(t, `{"journalName": "a", "journal-name": "b"}`, config.Settings{}, &c); err == nil {
		t.Error("two values are taken")
	}
}

func TestSpellingIsRemembered(t *testing.T) {
	n, err := config.Parse(config.NewText("j", []byte(`{"SplitUpdate": "true", "start": {"journalName": "1", "port": "07"}}`)))
	if err != nil {
		t.Fatal(err)
	}
	notes := &config.Notes{}
	var c folded
	if err := config.NewDecoder(n, config.Settings{Notes: notes}).Decode(&c); err != nil {
		t.Fatal(err)
	}
	split, start := n.Members()[0], n.Members()[1]
	name, port := start.Node.Members()[0], start.Node.Members()[1]
	if notes.Name(split) != "split" || notes.Name(start) != "start" || notes.Name(name) != "journal-name" {
		t.Errorf("names %s %s %s", notes.Name(split), notes.Name(start), notes.Name(name))
	}
	if !notes.Literal(split.Node) || !notes.Literal(port.Node) || notes.Literal(name.Node) {
		t.Error("texts that are numbers are not told from others")
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
