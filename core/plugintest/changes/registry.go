package changes

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Registry is a schema registry of the tests' own.
type Registry struct {
	*httptest.Server
	User, Password string // asked for, if set

	mu       sync.Mutex
	schemas  []registered
	Refuse   string // a subject whose schemas are incompatible
	Failures int    // so many answers are errors of the server
}

type registered struct {
	Subject string `json:"subject"`
	ID      int    `json:"id"`
	Version int    `json:"version"`
	Schema  string `json:"schema"`
	Type    string `json:"schemaType,omitempty"`
}

// NewRegistry starts a registry that ends with the test, with TLS or without.
func NewRegistry(t testing.TB, secure bool) *Registry {
	t.Helper()
	r := &Registry{}
	r.Server = httptest.NewUnstartedServer(r)
	if secure {
		r.StartTLS()
	} else {
		r.Start()
	}
	t.Cleanup(r.Close)
	return r
}

// Subjects lists the names that schemas were registered under, in that order.
func (r *Registry) Subjects() (names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.schemas {
		names = append(names, s.Subject)
	}
	return names
}

// Schema returns the text of the schema with that number.
func (r *Registry) Schema(id int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.schemas[id-1].Schema
}

// ServeHTTP implements [http.Handler].
func (r *Registry) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	answer := func(status int, v any) {
		w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	fail := func(status int, text string) {
		answer(status, map[string]any{"error_code": status*100 + 1, "message": text})
	}
	user, password, _ := q.BasicAuth()
	parts := strings.Split(strings.Trim(q.URL.Path, "/"), "/")
	switch {
	case r.User != "" && (user != r.User || password != r.Password):
		fail(http.StatusUnauthorized, "who are you")
	case r.Failures > 0:
		r.Failures--
		fail(http.StatusServiceUnavailable, "away")
	case q.Method == http.MethodPost && parts[0] == "subjects":
		var s registered
		if err := json.NewDecoder(q.Body).Decode(&s); err != nil {
			fail(http.StatusUnprocessableEntity, err.Error())
			return
		}
		s.Subject = parts[1]
		if s.Subject == r.Refuse {
			fail(http.StatusConflict, "incompatible")
			return
		}
		for _, known := range r.schemas {
			if known.Subject == s.Subject && known.Schema == s.Schema {
				answer(http.StatusOK, known)
				return
			}
		}
		if len(parts) < 3 {
			fail(http.StatusNotFound, "no such schema")
			return
		}
		s.ID, s.Version = len(r.schemas)+1, 1
		for _, known := range r.schemas {
			if known.Subject == s.Subject {
				s.Version++
			}
		}
		r.schemas = append(r.schemas, s)
		answer(http.StatusOK, s)
	case q.Method == http.MethodGet && len(parts) >= 3 && parts[0] == "schemas":
		id, err := strconv.Atoi(parts[2])
		switch {
		case err != nil || id < 1 || id > len(r.schemas):
			fail(http.StatusNotFound, "no such schema")
		case len(parts) > 3:
			answer(http.StatusOK, []registered{r.schemas[id-1]})
		default:
			answer(http.StatusOK, r.schemas[id-1])
		}
	case q.Method == http.MethodGet && len(parts) == 4 && parts[0] == "subjects":
		version, _ := strconv.Atoi(parts[3])
		for _, known := range r.schemas {
			if known.Subject == parts[1] && known.Version == version {
				answer(http.StatusOK, known)
				return
			}
		}
		fail(http.StatusNotFound, "no such version")
	default:
		fail(http.StatusNotFound, q.Method+" "+q.URL.Path)
	}
}
