{{- if .Values.service.enabled }}
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
  labels: {{- include "traefik.labels" . | nindent 4 }}
spec:
  type: {{ .Values.service.type }}
  selector: {{- include "traefik.selector" . | nindent 4 }}
  ports:
    {{- range $name, $port := .Values.ports }}
    {{- with $port.exposedPort }}
    - {name: {{ $name }}, port: {{ . }}, targetPort: {{ $name }}}
    {{- end }}
    {{- end }}
{{- end }}
