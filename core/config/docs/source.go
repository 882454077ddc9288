package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
)

// Source finds the comments of struct fields in the source of a module. It is
// not safe for concurrent use.
type Source struct {
	module, root string
	packages     map[string]comments // by import path
}

// comments are the comments of a package's struct fields: by type, then field.
type comments map[string]map[string]string

// likeType is, in place of a field, the name of the type that a type is declared like.
const likeType = ""

// NewSource returns the source of a module ("github.com/a/b") whose files lie under root.
func NewSource(module, root string) *Source {
	return &Source{module: module, root: root, packages: map[string]comments{}}
}

// Comment returns the comment of a field as one paragraph; an error if it has
// none. A nil owner, of a key that a [config.Described] type names, has no comment.
func (s *Source) Comment(owner reflect.Type, field string) (string, error) {
	if owner == nil {
		return "", nil
	}
	all, err := s.load(owner.PkgPath())
	if err != nil {
		return "", err
	}
	name, _, _ := strings.Cut(owner.Name(), "[")
	for all[name][likeType] != "" {
		name = all[name][likeType]
	}
	text := all[name][field]
	if text == "" {
		return "", fmt.Errorf("documenting %s: the field %s has no comment", owner, field)
	}
	return text, nil
}

func (s *Source) load(path string) (comments, error) {
	if known, ok := s.packages[path]; ok {
		return known, nil
	}
	rel, ok := strings.CutPrefix(path, s.module)
	if !ok {
		return nil, fmt.Errorf("documenting package %q: it is not in module %s", path, s.module)
	}
	dir := filepath.Join(s.root, filepath.FromSlash(rel))
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("documenting package %q: %w: no Go file in %s", path, fs.ErrNotExist, dir)
	}
	all := comments{}
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("documenting package %q: %w", path, err)
		}
		ast.Inspect(tree, all.collect)
	}
	s.packages[path] = all
	return all, nil
}

// collect takes the comments of a type declaration's fields.
func (c comments) collect(n ast.Node) bool {
	spec, ok := n.(*ast.TypeSpec)
	if !ok {
		return true
	}
	fields := map[string]string{}
	if like, ok := spec.Type.(*ast.Ident); ok { // type columnObject Column: the fields are commented there
		fields[likeType] = like.Name
		c[spec.Name.Name] = fields
		return true
	}
	body, ok := spec.Type.(*ast.StructType)
	if !ok {
		return true
	}
	for _, f := range body.Fields.List {
		text := f.Doc.Text()
		if text == "" {
			text = f.Comment.Text()
		}
		for _, name := range f.Names {
			fields[name.Name] = strings.Join(strings.Fields(text), " ")
		}
	}
	c[spec.Name.Name] = fields
	return true
}
