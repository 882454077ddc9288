package plugintest

import (
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// DriverParameters asks for each connection parameter of a system whether it is
// used, as the lists say. remarks is what the kit says of properties.
func DriverParameters(t *testing.T, p *sqlkit.Parameters, remarks func(properties map[string]string) []config.Remark) {
	t.Helper()
	unused := func(name string) bool {
		return slices.ContainsFunc(remarks(map[string]string{name: "x"}), func(r config.Remark) bool { return r.Key == "properties."+name })
	}
	for name := range strings.FieldsSeq(p.Used) {
		if unused(name) {
			t.Errorf("%s has no effect", name)
		}
	}
	seen := map[string]bool{}
	for _, group := range p.None {
		for name := range strings.FieldsSeq(group.Names) {
			if fold := strings.ToLower(name); seen[fold] {
				t.Errorf("%s is listed twice", name)
			} else if seen[fold] = true; !unused(name) {
				t.Errorf("%s has an effect", name)
			}
		}
	}
	want := config.Remark{Key: "properties.soketTimeout", Text: `has no effect: unknown parameter, did you mean "socketTimeout"?`, Warning: true}
	if got := remarks(map[string]string{"soketTimeout": "1"}); !slices.Equal(got, []config.Remark{want}) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
