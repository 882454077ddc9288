package builtin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/datasync-io/datasync/"

// mayImport says which of our packages a package may import; a pattern that
// ends in /... covers everything beneath. The longest pattern that fits counts.
var mayImport = map[string][]string{
	"core/record":                 {},
	"core/errclass":               {},
	"core/config":                 {"core/errclass"},
	"core/config/docs":            {"core/config"},
	"core/limit":                  {"core/errclass"},
	"core/metric":                 {"core/errclass"},
	"core/job":                    {"core/config", "core/errclass"},
	"core/plugin":                 {"core/record", "core/errclass", "core/config"},
	"core/convert":                {"core/record", "core/errclass"},
	"core/transform/...":          {"core/record", "core/errclass", "core/transform/..."},
	"core/format/...":             {"core/record", "core/errclass", "core/config", "core/convert", "core/format/..."},
	"core/checkpoint":             {"core/plugin", "core/record", "core/errclass"},
	"core/pump":                   {"core/plugin", "core/record", "core/errclass", "core/checkpoint"},
	"core/kit/...":                {"core/plugin", "core/record", "core/errclass", "core/config", "core/convert", "core/kit/sqlkit"},
	"core/kit/pgkit/pgread":       {"core/record", "core/errclass", "core/kit/pgkit", "core/kit/sqlkit", "core/kit/sqlread"},
	"core/kit/mysqlkit/mysqlread": {"core/record", "core/errclass", "core/kit/mysqlkit", "core/kit/sqlkit", "core/kit/sqlread"},
	"core/kit/mssqlkit/mssqlread": {"core/record", "core/errclass", "core/kit/mssqlkit", "core/kit/sqlkit", "core/kit/sqlread"},
	"reader/...":                  connector,
	"writer/...":                  connector,
	"dirty":                       {"core/record", "core/errclass", "core/config", "core/plugin"},
	"launcher":                    {"core/...", "dirty"},
	"launcher/builtin":            {"core/plugin", "reader/...", "writer/..."},
	"launcher/reference":          {},
	"cmd/datasync":                {"launcher", "launcher/builtin", "launcher/reference", "core/job", "core/config", "core/errclass"},
	"core/plugintest/...":         {"..."},
}

var connector = []string{"core/plugin", "core/record", "core/errclass", "core/config", "core/convert", "core/format/...", "core/kit/..."}

// onlyForTests is imported by nothing but tests and itself.
const onlyForTests = "core/plugintest"

// drivers belong to the kits and connectors alone.
var drivers = []string{"github.com/go-mysql-org/", "github.com/IBM/sarama", "modernc.org/sqlite", "github.com/jackc/", "github.com/microsoft/go-mssqldb", "github.com/redis/"}

var mayDrive = []string{"core/kit/...", "reader/...", "writer/...", "core/plugintest/..."}

type goPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestImports(t *testing.T) {
	packages := listPackages(t)
	if len(packages) < 10 {
		t.Fatalf("go list found %d packages, want all of the module", len(packages))
	}
	for _, p := range packages {
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, ok := rule(name)
		if !ok {
			t.Errorf("%s is in no rule of mayImport: add it", name)
			continue
		}
		for _, path := range p.Imports {
			own, isOwn := strings.CutPrefix(path, module)
			switch {
			case isOwn && within(own, onlyForTests+"/...") && !within(name, onlyForTests+"/..."):
				t.Errorf("%s imports %s, which is for tests", name, own)
			case isOwn && !slices.ContainsFunc(allowed, func(pattern string) bool { return within(own, pattern) }):
				t.Errorf("%s imports %s; it may import %s", name, own, strings.Join(allowed, ", "))
			}
		}
		if slices.ContainsFunc(mayDrive, func(pattern string) bool { return within(name, pattern) }) {
			continue
		}
		for _, path := range p.Imports {
			if slices.ContainsFunc(drivers, func(d string) bool { return strings.HasPrefix(path, d) }) {
				t.Errorf("%s imports the driver %s, which belongs into a kit or a connector", name, path)
			}
		}
	}
}

// TestImportRulesAreUsed fails for a rule without a package: it guards nothing.
func TestImportRulesAreUsed(t *testing.T) {
	packages := listPackages(t)
	for pattern := range mayImport {
		if !slices.ContainsFunc(packages, func(p goPackage) bool {
			return within(strings.TrimPrefix(p.ImportPath, module), pattern)
		}) {
			t.Errorf("the rule for %s fits no package: remove it or mend its name", pattern)
		}
	}
}

// rule returns the longest rule that fits.
func rule(name string) (allowed []string, ok bool) {
	best := -1
	for pattern, list := range mayImport {
		if within(name, pattern) && len(pattern) > best {
			allowed, ok, best = list, true, len(pattern)
		}
	}
	return allowed, ok
}

func within(name, pattern string) bool {
	if pattern == "..." || name == pattern {
		return true
	}
	root, all := strings.CutSuffix(pattern, "/...")
	return all && (name == root || strings.HasPrefix(name, root+"/"))
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", module+"...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var all []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
