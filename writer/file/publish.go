package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/filekit"
)

// manifestName is the list of what After does, kept in the hidden directory
// from the moment that it begins to do it.
const manifestName = "manifest.json"

type manifest struct {
	V       int      `json:"v"`
	Renames []rename `json:"renames"`
	Remove  []string `json:"remove,omitempty"` // earlier results
}

type rename struct {
	From string `json:"from"` // in the hidden directory
	To   string `json:"to"`   // in the directory
	Size int64  `json:"size"`
}

// Before looks for earlier results, as writeMode says.
func (w *writer) Before(context.Context) error {
	if err := w.disk.MkdirAll(w.config.Path); err != nil {
		return filekit.Failed("creating", w.config.Path, err)
	}
	entries, err := w.disk.ReadDir(w.config.Path)
	if err != nil {
		return filekit.Failed("reading", w.config.Path, err)
	}
	if err := w.conflict(entries); err != nil || w.config.WriteMode != "truncate" {
		return err
	}
	for _, name := range w.results(entries) {
		path := filepath.Join(w.config.Path, name)
		if err := w.disk.RemoveAll(path); err != nil {
			return filekit.Failed("removing", path, err)
		}
	}
	return nil
}

func (w *writer) conflict(entries []fs.DirEntry) error {
	if there := w.results(entries); w.config.WriteMode == "nonConflict" && len(there) > 0 {
		return errclass.With(errclass.Permanent, fmt.Errorf("writing to %s: %s is there already and writeMode is nonConflict: remove it or choose another fileName", w.config.Path, there[0]))
	}
	return nil
}

// results returns the files that have a name as this writer gives them: stem
// and extension, perhaps with _<channel>_<number> in between.
func (w *writer) results(entries []fs.DirEntry) (names []string) {
	for _, e := range entries {
		if middle, ok := w.middle(e); ok && isPart(middle) {
			names = append(names, e.Name())
		}
	}
	return names
}

// middle returns what stands between stem and extension.
func (w *writer) middle(e fs.DirEntry) (string, bool) {
	middle, ok := strings.CutPrefix(e.Name(), w.stem)
	if !ok || e.IsDir() {
		return "", false
	}
	return strings.CutSuffix(middle, w.ext)
}

const maxChannels = 1000 // so that orders_2024_1.csv is nobody's part

// isPart tells that s is nothing or _<channel>_<number>.
func isPart(s string) bool {
	if s == "" {
		return true
	}
	var channel, index int
	n, err := fmt.Sscanf(s, "_%d_%d", &channel, &index)
	return n == 2 && err == nil && channel >= 0 && channel < maxChannels && index >= 0 && s == partSuffix(channel, index)
}

func partSuffix(channel, index int) string { return fmt.Sprintf("_%d_%d", channel, index) }

// After puts the files in their places. It can be repeated from any point.
func (w *writer) After(context.Context) error {
	m, err := w.readManifest()
	if err != nil {
		return err
	}
	if m == nil {
		if w.published {
			return nil
		}
		if m, err = w.plan(); err != nil {
			return err
		}
		if err := w.writeHidden(manifestName, m); err != nil {
			return err
		}
	}
	w.published = true
	return w.publish(m)
}

// plan decides the names of the results; without any file it makes one.
func (w *writer) plan() (*manifest, error) {
	var files []rename
	several := w.of > 1
	for _, t := range w.prepared {
		for _, f := range t.Files {
			size, err := w.seal(f)
			if err != nil {
				return nil, err
			}
			several = several || f.Index > 0
			files = append(files, rename{From: f.Name, Size: size, To: partSuffix(t.Channel, f.Index)})
		}
	}
	if len(files) == 0 && len(w.prepared) > 0 { // all are in their places
		return &manifest{V: 1}, nil
	}
	if len(files) == 0 {
		size, err := w.emptyFile()
		if err != nil {
			return nil, err
		}
		files, several = []rename{{From: hiddenName(0, 0, w.ext), Size: size, To: partSuffix(0, 0)}}, false
	}
	slices.SortFunc(files, func(a, b rename) int { return strings.Compare(a.From, b.From) })
	entries, err := w.disk.ReadDir(w.config.Path)
	if err != nil {
		return nil, filekit.Failed("reading", w.config.Path, err)
	}
	for i := range files {
		if !several {
			files[i].To = ""
		}
	}
	suffix := w.freeSuffix(files, entries)
	for i := range files {
		files[i].To = w.stem + files[i].To + suffix + w.ext
	}
	m := &manifest{V: 1, Renames: files}
	if w.releases() { // results of this run are among those that are there
		return m, nil
	}
	if w.config.WriteMode == "overwrite" || w.config.WriteMode == "truncate" {
		m.Remove = slices.DeleteFunc(w.results(entries), func(name string) bool {
			return slices.ContainsFunc(files, func(f rename) bool { return f.To == name })
		})
	}
	return m, nil
}

// freeSuffix returns "", or what makes all names free where earlier results
// are kept.
func (w *writer) freeSuffix(files []rename, entries []fs.DirEntry) (suffix string) {
	if w.config.WriteMode != "append" {
		return ""
	}
	taken := map[string]bool{}
	for _, e := range entries {
		taken[e.Name()] = true
	}
	for n := 1; slices.ContainsFunc(files, func(f rename) bool { return taken[w.stem+f.To+suffix+w.ext] }); n++ {
		suffix = "_" + strconv.Itoa(n)
	}
	return suffix
}

// publish does what the manifest says and removes the hidden directory.
func (w *writer) publish(m *manifest) error {
	for _, r := range m.Renames {
		from, to := filepath.Join(w.hidden, r.From), filepath.Join(w.config.Path, r.To)
		err := w.disk.Rename(from, to)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // else it was renamed before
			return filekit.Failed("renaming "+from+" to", to, err)
		}
	}
	for _, name := range m.Remove {
		path := filepath.Join(w.config.Path, name)
		if err := w.disk.RemoveAll(path); err != nil {
			return filekit.Failed("removing", path, err)
		}
	}
	if err := w.disk.SyncDir(w.config.Path); err != nil {
		return filekit.Failed("syncing", w.config.Path, err)
	}
	if err := w.allThere(m.Renames); err != nil {
		return err
	}
	if err := w.disk.RemoveAll(w.hidden); err != nil {
		return filekit.Failed("removing", w.hidden, err)
	}
	return nil
}

// allThere checks that every result is in its place.
func (w *writer) allThere(files []rename) error {
	entries, err := w.disk.ReadDir(w.config.Path)
	if err != nil {
		return filekit.Failed("reading", w.config.Path, err)
	}
	for _, f := range files {
		there := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == f.To })
		if !there {
			return errclass.With(errclass.PositionLost, fmt.Errorf("putting %s in its place: neither it nor its hidden file %s is there: somebody removed it, start afresh", filepath.Join(w.config.Path, f.To), filepath.Join(w.hidden, f.From)))
		}
	}
	return nil
}

// alreadyPublished is for prepared files without a hidden directory: After has
// run and was not noted, if results like these are there.
func (w *writer) alreadyPublished() error {
	entries, err := w.disk.ReadDir(w.config.Path)
	if err != nil {
		return filekit.Failed("reading", w.config.Path, err)
	}
	waits := func(t token) bool { return len(t.Files) > 0 }
	if !slices.ContainsFunc(slices.Collect(maps.Values(w.prepared)), waits) {
		return nil // all that was prepared is in its place, and more may come
	}
	there := map[int64]int{}
	for _, e := range entries {
		if _, ok := w.middle(e); !ok {
			continue
		}
		if n, err := w.measure(e); err == nil {
			there[n]++
		}
	}
	for _, t := range w.prepared {
		for _, f := range t.Files {
			n := f.Size
			if w.config.Format == "parquet" {
				n = f.Rows
			}
			if there[n]--; there[n] < 0 {
				return errclass.With(errclass.PositionLost, fmt.Errorf("going on with %s: it should have %d bytes and is gone: start afresh", filepath.Join(w.hidden, f.Name), f.Size))
			}
		}
	}
	w.published = true
	return nil
}

func (w *writer) readManifest() (*manifest, error) {
	path := filepath.Join(w.hidden, manifestName)
	data, err := w.disk.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, filekit.Failed("reading", path, err)
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil || m.V != 1 {
		return nil, errclass.With(errclass.PositionLost, fmt.Errorf("reading %s: it is no list of results: start afresh", path))
	}
	return &m, nil
}

// writeHidden stores a value in the hidden directory, whole or not at all.
func (w *writer) writeHidden(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", name, err)
	}
	path := filepath.Join(w.hidden, name)
	if err := w.writeFile(path+".tmp", data); err != nil {
		return err
	}
	if err := w.disk.Rename(path+".tmp", path); err != nil {
		return filekit.Failed("renaming", path, err)
	}
	return filekit.Failed("syncing", w.hidden, w.disk.SyncDir(w.hidden))
}

func (w *writer) writeFile(path string, data []byte) error {
	if err := w.disk.RemoveAll(path); err != nil {
		return filekit.Failed("removing", path, err)
	}
	f, err := w.disk.Create(path)
	if err != nil {
		return filekit.Failed("creating", path, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return filekit.Failed("writing", path, errors.Join(err, f.Close()))
}
