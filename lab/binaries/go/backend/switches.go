package main

import (
	"encoding/json"
	"flag"
	"net/http"
	"sync"
	"time"
)

// State is how the backend behaves. Its JSON is what the control address prints and takes; a field that is left out of
// a change stays as it is.
type State struct {
	Ready             bool   `json:"ready"`              // what /ready says
	Status            int    `json:"status"`             // status of the page
	DelayMilliseconds int    `json:"delay_ms"`           // how long the page takes
	HonourProto       bool   `json:"honour_proto"`       // whether the page's links follow X-Forwarded-Proto
	BurnProcessors    int    `json:"burn"`               // how many processors are kept busy
	HoldMegabytes     int    `json:"hold_mb"`            // how much memory is kept
	MetricsStatus     int    `json:"metrics_status"`     // status of the metrics
	MetricsDelay      int    `json:"metrics_delay_ms"`   // how long the metrics take
	MetricsFailEvery  int    `json:"metrics_fail_every"` // every nth answer of the metrics is a 500; 0: none
	MetricsBody       string `json:"metrics_body"`       // what is served instead of the metrics
}

// Switches holds the state and what it sets in motion. It may be used from several goroutines.
type Switches struct {
	lock    sync.Mutex
	state   State
	burning []chan struct{}
	held    []byte
}

// NewSwitches returns the switches of a backend that behaves well.
func NewSwitches() *Switches {
	return &Switches{state: State{Ready: true, Status: http.StatusOK, HonourProto: true, MetricsStatus: http.StatusOK}}
}

// Flags lets flags say how the backend starts.
func (s *Switches) Flags(set *flag.FlagSet) {
	set.BoolVar(&s.state.Ready, "ready", s.state.Ready, "whether /ready says so")
	set.IntVar(&s.state.Status, "status", s.state.Status, "status of the page")
	set.IntVar(&s.state.DelayMilliseconds, "delay-ms", 0, "milliseconds that the page takes")
	set.BoolVar(&s.state.HonourProto, "honour-proto", s.state.HonourProto, "whether links follow X-Forwarded-Proto")
	set.IntVar(&s.state.BurnProcessors, "burn", 0, "processors that are kept busy")
	set.IntVar(&s.state.HoldMegabytes, "hold-mb", 0, "megabytes that are kept")
	set.IntVar(&s.state.MetricsStatus, "metrics-status", s.state.MetricsStatus, "status of the metrics")
	set.IntVar(&s.state.MetricsDelay, "metrics-delay-ms", 0, "milliseconds that the metrics take")
	set.IntVar(&s.state.MetricsFailEvery, "metrics-fail-every", 0, "every nth answer of the metrics is a 500")
	set.StringVar(&s.state.MetricsBody, "metrics-body", "", "what is served instead of the metrics")
}

// Begin sets in motion what the flags asked for.
func (s *Switches) Begin() { s.change(s.Now()) }

// Now returns the state.
func (s *Switches) Now() State {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.state
}

// Handler prints the state on GET and changes the fields that a PUT brings.
func (s *Switches) Handler() http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodPut || request.Method == http.MethodPost {
			wanted := s.Now()
			decoder := json.NewDecoder(request.Body)
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&wanted); err != nil {
				http.Error(answer, err.Error(), http.StatusBadRequest)
				return
			}
			s.change(wanted)
		}
		answer.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(answer).Encode(s.Now())
	})
}

func (s *Switches) change(wanted State) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for len(s.burning) > max(wanted.BurnProcessors, 0) {
		last := len(s.burning) - 1
		close(s.burning[last])
		s.burning = s.burning[:last]
	}
	for len(s.burning) < wanted.BurnProcessors {
		stop := make(chan struct{})
		s.burning = append(s.burning, stop)
		go burn(stop)
	}
	if len(s.held) != wanted.HoldMegabytes<<20 {
		s.held = make([]byte, max(wanted.HoldMegabytes, 0)<<20)
		for page := 0; page < len(s.held); page += 4096 {
			s.held[page] = 1 // memory that is never written is not used
		}
	}
	s.state = wanted
}

func burn(stop <-chan struct{}) {
	for until := time.Now(); ; until = time.Now().Add(10 * time.Millisecond) {
		for time.Now().Before(until) {
		}
		select {
		case <-stop:
			return
		default:
		}
	}
}
