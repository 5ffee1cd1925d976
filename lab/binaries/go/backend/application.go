package main

import (
	"fmt"
	"html"
	"net/http"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"
)

// Application serves the page, its readiness and the metrics, each as the switches say.
type Application struct {
	name     string
	switches *Switches

	lock     sync.Mutex
	requests map[int]int // of the page, by status
	scrapes  int
}

// Where applications usually have their metrics.
const usualMetrics = "/metrics"

// Handler serves the metrics at the given path, nothing where they usually are if that is another one, readiness at
// /ready, and the page everywhere else.
func (a *Application) Handler(metrics string) http.Handler {
	a.lock.Lock()
	defer a.lock.Unlock()
	if a.requests == nil {
		a.requests = map[int]int{}
	}
	mux := http.NewServeMux()
	if metrics != usualMetrics {
		mux.HandleFunc(usualMetrics, http.NotFound)
	}
	mux.HandleFunc(metrics, a.metrics)
	mux.HandleFunc("/ready", a.ready)
	mux.HandleFunc("/", a.page)
	return mux
}

func (a *Application) ready(answer http.ResponseWriter, _ *http.Request) {
	if !a.switches.Now().Ready {
		http.Error(answer, "not ready", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(answer, "ready")
}

// page prints where it is asked for, with an absolute link such as applications make: under https only if the one who
// asked came so, as far as the application knows.
func (a *Application) page(answer http.ResponseWriter, request *http.Request) {
	state := a.switches.Now()
	if !wait(request, state.DelayMilliseconds) {
		return
	}
	a.lock.Lock()
	a.requests[state.Status]++
	a.lock.Unlock()
	scheme := "http"
	if state.HonourProto && request.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	here := html.EscapeString(fmt.Sprintf("%s://%s", scheme, request.Host))
	answer.Header().Set("Content-Type", "text/html; charset=utf-8")
	answer.WriteHeader(state.Status)
	fmt.Fprintf(answer, `<!doctype html>
<html><head><title>%[1]s</title><link rel="stylesheet" href="%[2]s/style.css"></head>
<body><h1>%[1]s of the lab</h1><p>%[3]d %[4]s</p><p><a href="%[2]s/about">about</a></p></body></html>
`, html.EscapeString(a.name), here, state.Status, http.StatusText(state.Status))
}

func (a *Application) metrics(answer http.ResponseWriter, request *http.Request) {
	state := a.switches.Now()
	if !wait(request, state.MetricsDelay) {
		return
	}
	a.lock.Lock()
	defer a.lock.Unlock()
	a.scrapes++
	if state.MetricsFailEvery > 0 && a.scrapes%state.MetricsFailEvery == 0 {
		state.MetricsStatus = http.StatusInternalServerError
	}
	if state.MetricsStatus != http.StatusOK {
		http.Error(answer, http.StatusText(state.MetricsStatus), state.MetricsStatus)
		return
	}
	answer.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	if state.MetricsBody != "" {
		fmt.Fprintln(answer, state.MetricsBody)
		return
	}
	fmt.Fprint(answer, a.series())
}

// series is the exposition; the lock is held.
func (a *Application) series() string {
	var text strings.Builder
	fmt.Fprintf(&text, "# TYPE backend_info gauge\nbackend_info{name=%q,go=%q} 1\n", a.name, runtime.Version())
	fmt.Fprint(&text, "# TYPE backend_requests_total counter\n")
	statuses := make([]int, 0, len(a.requests))
	for status := range a.requests {
		statuses = append(statuses, status)
	}
	sort.Ints(statuses)
	for _, status := range statuses {
		fmt.Fprintf(&text, "backend_requests_total{code=\"%d\"} %d\n", status, a.requests[status])
	}
	fmt.Fprintf(&text, "# TYPE backend_scrapes_total counter\nbackend_scrapes_total %d\n", a.scrapes)
	return text.String()
}

// wait returns false when the one who asked went away meanwhile.
func wait(request *http.Request, milliseconds int) bool {
	select {
	case <-request.Context().Done():
		return false
	case <-time.After(time.Duration(milliseconds) * time.Millisecond):
		return true
	}
}
