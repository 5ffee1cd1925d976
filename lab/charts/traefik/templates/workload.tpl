{{- $rolling := .Values.updateStrategy.rollingUpdate }}
{{- if and .Values.hostNetwork (eq .Values.updateStrategy.type "RollingUpdate") (or (lt (int $rolling.maxUnavailable) 1) (gt (int $rolling.maxSurge) 0)) }}
{{- fail "with hostNetwork two pods cannot share a node's ports: updateStrategy.rollingUpdate needs maxUnavailable 1 or more and maxSurge 0" }}
{{- end }}
apiVersion: apps/v1
kind: {{ .Values.deployment.kind }}
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
  labels: {{- include "traefik.labels" . | nindent 4 }}
spec:
  selector:
    matchLabels: {{- include "traefik.selector" . | nindent 6 }}
  {{- if eq .Values.deployment.kind "Deployment" }}
  replicas: {{ .Values.deployment.replicas }}
  strategy: {{- toYaml .Values.updateStrategy | nindent 4 }}
  {{- else }}
  updateStrategy: {{- toYaml .Values.updateStrategy | nindent 4 }}
  {{- end }}
  template: {{- include "traefik.pod" . | nindent 4 }}
